import { describe, expect, it } from 'vitest';
import { parseHosts, readHosts } from '../../../../src/ctl/roll/hosts.ts';

const read = (text: string) => parseHosts('hosts.txt', text);

describe('a file of hosts', () => {
  it('has a host a line, with what chooses the service there, and comments', () => {
    const text = [
      '# the first two',
      'web1',
      'deploy@web2:2222 --name shop   # the old machine',
      '',
      "  [fe80::1%eth0]:22 --socket '/run/my shop.sock' --ctl /opt/bin/tsunicornctl",
      'CORP\\\\ann@[::1]\r',
    ].join('\n');
    expect(read(text)).toEqual([
      { name: 'web1', target: 'web1', port: null, choice: [], ctl: null },
      {
        ...{ name: 'deploy@web2:2222', target: 'deploy@web2', port: 2222 },
        ...{ choice: ['--name', 'shop'], ctl: null },
      },
      {
        ...{ name: '[fe80::1%eth0]:22', target: 'fe80::1%eth0', port: 22 },
        ...{ choice: ['--socket', '/run/my shop.sock'], ctl: '/opt/bin/tsunicornctl' },
      },
      { name: 'CORP\\ann@[::1]', target: 'CORP\\ann@::1', port: null, choice: [], ctl: null },
    ]);
  });

  it('may have two services of one host, but none twice', () => {
    expect(read('web1 --name a\nweb1 --name b')).toHaveLength(2);
    expect(() => read('web1 -n a\n\nweb1 --name a')).toThrow(
      'hosts.txt:3: web1 stands in line 1 already; leave one of them out',
    );
  });

  it.each([
    [
      '\n-oProxyCommand=sh',
      'hosts.txt:2: -oProxyCommand=sh: a host does not begin with -; write user@host first',
    ],
    ['"-v"', 'hosts.txt:1: -v: a host does not begin with -; write user@host first'],
    ['--name shop', 'hosts.txt:1: --name: a host does not begin with -; write user@host first'],
    ['ann@-web', 'hosts.txt:1: ann@-web: this is no host name: "-web"; write user@host or user@host:port'],
    ['-l@web', 'hosts.txt:1: -l@web: a host does not begin with -; write user@host first'],
    ['a;b@web', 'hosts.txt:1: a;b@web: this is no user name: "a;b"'],
    ['$(id)', 'hosts.txt:1: $(id): this is no host name: "$(id)"; write user@host or user@host:port'],
    ['@web', 'hosts.txt:1: @web: this is no user name: ""'],
    ['web:0', 'hosts.txt:1: web:0: expected a port from 1 to 65535 behind the colon, got "0"'],
    ['web:', 'hosts.txt:1: web:: expected a port from 1 to 65535 behind the colon, got ""'],
    ['[::1]:x', 'hosts.txt:1: [::1]:x: expected a port from 1 to 65535 behind the colon, got "x"'],
    ['fe80::1', 'hosts.txt:1: fe80::1: write an IPv6 address in brackets, as [fe80::1] or [::1]:22'],
    ['web1 web2', 'hosts.txt:1: one host a line, got web1 web2'],
    ['web1 --nam x', 'hosts.txt:1: unknown option --nam (did you mean --name?)'],
    ['web1 --json', 'hosts.txt:1: unknown option --json'],
    ['web1 --name', 'hosts.txt:1: --name: a value is missing; write --name <name>'],
    ['web1 --ctl -x', 'hosts.txt:1: --ctl -x: a path does not begin with -; write ./-x'],
    ["web1 --name 'a", "hosts.txt:1: a single quote is not closed in web1 --name 'a"],
    ['# nobody\n', 'hosts.txt: there is no host in it; write a line for each, as user@host'],
  ])('refuses %j in one line that says where', (text, message) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ message, status: 1 }));
  });

  it('that is not there is told so', () => {
    expect(() => readHosts('/nowhere/hosts.txt')).toThrow(
      '/nowhere/hosts.txt: cannot read it (ENOENT); name a file with a host a line',
    );
  });
});
