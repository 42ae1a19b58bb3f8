import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { refusal } from '../support/refusal.ts';
import { asOrdinaryUser } from '../support/tools.ts';
import { root, temporaryDirectory } from '../support/tsunicorn.ts';

const hello = join(root, 'examples/hello.ts:app');
const somewhere = ['-b', '127.0.0.1:0'];
const itAsOrdinaryUser = asOrdinaryUser();

describe('the command line and the environment', () => {
  it.each([
    [
      'an unknown flag, with the nearest one',
      ['--wrokers', '2'],
      'unknown option --wrokers (did you mean --workers?)',
    ],
    ['a flag without its value', ['--workers'], '--workers: a value is missing; write --workers <count>'],
    ['a second application', [hello, hello], /^too many arguments: expected one module:export, got /],
    ['no workers at all', ['-w', '0'], '--workers: expected a whole number ≥ 1 or "auto", got "0"'],
    [
      'a peer that is none',
      ['--forwarded-allow-ips', '10.0.0.1,10.0.0.0/40'],
      /^--forwarded-allow-ips: expected an address, a network such as 10\.0\.0\.0\/8, private, unix or \*, got "10\.0\.0\.0\/40"$/,
    ],
    [
      'a proxy that is none',
      ['--proxy-protocol', 'v1', '--proxy-allow-from', 'balancer'],
      /^--proxy-allow-from: expected an address, a network such as .*, got "balancer"$/,
    ],
    [
      'a version of the PROXY protocol that is none',
      ['--proxy-protocol', 'v3'],
      /^--proxy-protocol: expected .*v1.*, got "v3"$/,
    ],
    [
      'a name that no header has',
      ['--forwarder-headers', 'X-Forwarded-For,X:Y'],
      /^--forwarder-headers: expected the name of a header, such as X-Forwarded-For.*, got "X:Y"$/,
    ],
    [
      'a backlog below its range',
      ['--backlog', '0'],
      /^--backlog: expected a whole number from 1 .*, got "0"$/,
    ],
    ['a negative time', ['--timeout=-1'], /^--timeout: expected a number of seconds from 0 .*, got "-1"$/],
    ['a time that is no number', ['-t', 'soon'], /^--timeout: expected a number of seconds .*, got "soon"$/],
    [
      'a worker class that is not there',
      ['-k', 'gevent'],
      /^--worker-class: expected .*async.*, got "gevent"$/,
    ],
    [
      'an umask that is not octal',
      ['-m', '899'],
      '--umask: expected an octal mode from 000 to 777, got "899"',
    ],
    ['a variable without a value', ['--env', 'NAME'], '--env: expected NAME=VALUE, got "NAME"'],
    ['a variable without a name', ['-e', '=x'], '--env: expected NAME=VALUE, got "=x"'],
    [
      'a flag of Gunicorn that cannot be',
      ['--preload'],
      /^--preload is refused: Node cannot fork a loaded process/,
    ],
    ['a directory that is missing', ['--chdir', 'nowhere'], /^--chdir: no such directory: \/.*\/nowhere$/],
    [
      'a command of another process manager',
      ['list'],
      /^there is no module 'list' here: write tsunicornctl status/,
    ],
    ['no application', [], 'no application was named; write for example: tsunicorn app.ts:app'],
  ])('%s is refused', async (_what, args, line) => {
    expect(await refusal([...somewhere, ...args])).toMatch(line);
  });

  it.each([
    [
      'a WEB_CONCURRENCY that is no count',
      { WEB_CONCURRENCY: 'x' },
      /^WEB_CONCURRENCY: .*≥ 1 or "auto", got "x"$/,
    ],
    [
      'a PORT that is no port',
      { PORT: '99999' },
      /^PORT: expected a whole number from 0 to 65535, got "99999"$/,
    ],
    ['a variable of ours', { TSUNICORN_TIMEOUT: 'x' }, /^TSUNICORN_TIMEOUT: expected a number of seconds/],
    // On the command line itself Node looks for the file first, and says so in a line of its own.
    [
      'an env-file that is missing',
      { TSUNICORN_CMD_ARGS: '--env-file no.env' },
      /^TSUNICORN_CMD_ARGS: --env-file no\.env: no such file/,
    ],
    [
      'an unclosed quote in TSUNICORN_CMD_ARGS',
      { TSUNICORN_CMD_ARGS: '-n "shop' },
      /^TSUNICORN_CMD_ARGS: a double quote is not closed/,
    ],
    [
      'an unknown flag in TSUNICORN_CMD_ARGS',
      { TSUNICORN_CMD_ARGS: '--wrokers 2' },
      'TSUNICORN_CMD_ARGS: unknown option --wrokers (did you mean --workers?)',
    ],
    [
      'a value out of range in TSUNICORN_CMD_ARGS',
      { TSUNICORN_CMD_ARGS: '-w 0' },
      'TSUNICORN_CMD_ARGS: --workers: expected a whole number ≥ 1 or "auto", got "0"',
    ],
  ])('%s is refused', async (_what, env, line) => {
    expect(await refusal([hello], { env })).toMatch(line);
  });
});

describe('the config file', () => {
  it.each([['--check-config'], ['--print-config'], ['--bind', '127.0.0.1:0']])(
    'that ends the process with status 0 is refused all the same, with %s',
    async (...args) => {
      const cwd = temporaryDirectory();
      writeFileSync(join(cwd, 'ends.config.mjs'), 'process.exit(0);\n');
      expect(await refusal([hello, '-c', 'ends.config.mjs', ...args], { cwd })).toBe(
        'ends.config.mjs: it ended the process with status 0 while it was loaded; remove its process.exit()',
      );
    },
  );

  it.each([
    ['one that throws', 'throw new Error("boom");', 'tsunicorn.config.ts: it threw: Error: boom (at line 1)'],
    [
      'one that does not parse',
      'export default {\n  workers: 2,,\n};',
      /^tsunicorn\.config\.ts: it does not parse: /,
    ],
    [
      'one without a default export',
      'export const workers = 2;',
      /^tsunicorn\.config\.ts: it has no default export; /,
    ],
    [
      'one that imports what is missing',
      'import "./gone.ts";',
      /^tsunicorn\.config\.ts: it threw: .*gone\.ts/,
    ],
    [
      'an unknown key',
      'export default {\n  wrokers: 2,\n};',
      'tsunicorn.config.ts:2: unknown setting "wrokers" (did you mean "workers"?)',
    ],
    [
      "a key in Gunicorn's spelling",
      'export default {\n  worker_class: "async",\n};',
      'tsunicorn.config.ts:2: unknown setting "worker_class": write workerClass',
    ],
    [
      'a value of the wrong type',
      'export default {\n\n  workers: true,\n};',
      'tsunicorn.config.ts:3: workers: expected a whole number ≥ 1 or "auto", got true',
    ],
    [
      'a hook that is no function',
      'export default {\n  onExit: 1 };',
      /^tsunicorn\.config\.ts:2: onExit: expected a function/,
    ],
    [
      'a log file that cannot be made',
      'export default {\n  errorLogfile: "/nowhere/app.log",\n};',
      /^tsunicorn\.config\.ts: errorLogfile: cannot write \/nowhere\/app\.log: ENOENT; /,
    ],
    [
      'an address that is none',
      'export default {\n  bind: "a:b:c",\n};',
      /^tsunicorn\.config\.ts(:2)?: bind a:b:c: expected host:port/,
    ],
  ])('%s is refused', async (_what, text, line) => {
    expect(await refusal([hello], { files: { 'tsunicorn.config.ts': text } })).toMatch(line);
  });

  it('one that is named and missing is refused', async () => {
    expect(await refusal([hello, '-c', 'nowhere.ts'])).toBe('-c nowhere.ts: no such file');
  });

  it('a directory in its place is refused', async () => {
    expect(await refusal([hello, '-c', '.'])).toBe('-c .: a directory, expected a file');
  });

  it('JSON with a mistake is refused', async () => {
    const files = { 'tsunicorn.config.json': '{ "workers": }' };
    expect(await refusal([hello], { files })).toMatch(/^tsunicorn\.config\.json: it is not valid JSON: /);
  });

  itAsOrdinaryUser('one that cannot be read is refused', async () => {
    const cwd = temporaryDirectory({ 'tsunicorn.config.ts': 'export default {};' });
    const locked = spawn('chmod', ['000', join(cwd, 'tsunicorn.config.ts')]);
    await once(locked, 'exit');
    expect(await refusal([hello, '-c', 'tsunicorn.config.ts'], { cwd })).toBe(
      '-c tsunicorn.config.ts: not readable',
    );
  });
});

describe('addresses', () => {
  it.each([
    ['a bare number', '8000', /^--bind 8000: is it a port\? Write 127\.0\.0\.1:8000, or :8000/],
    ['a port beyond 65535', '127.0.0.1:70000', '--bind 127.0.0.1:70000: a port is a number from 0 to 65535'],
    ['too many colons', 'a:b:c', '--bind a:b:c: expected host:port, [v6]:port, unix:path or fd://N'],
    ['a v6 address without brackets', '::1:8000', /^--bind ::1:8000: expected .*\[v6\]:port/],
    ['no path behind unix:', 'unix:', '--bind unix:: a path is missing; write unix:/run/app.sock'],
    ['a path that is too long', `unix:/tmp/${'x'.repeat(120)}`, /at most 107 bytes; choose a shorter one$/],
    [
      'a socket in a missing directory',
      'unix:no/such.sock',
      /^--bind unix:\/.*\/no\/such\.sock: the directory does not exist/,
    ],
    [
      'a descriptor that is no number',
      'fd://x',
      '--bind fd://x: expected an inherited descriptor from 3 up, as in fd://3',
    ],
    ['a descriptor that is not open', 'fd://97', /^--bind fd:\/\/97: no such open descriptor/],
    [
      'an address of another machine',
      '192.0.2.1:0',
      /^--bind 192\.0\.2\.1:0: this machine does not have that address/,
    ],
    [
      'a name that does not resolve',
      'no.such.invalid:0',
      /^--bind no\.such\.invalid:0: cannot resolve "no\.such\.invalid"/,
    ],
  ])('%s is refused', async (_what, address, line) => {
    expect(await refusal([hello, '-b', address])).toMatch(line);
  });

  it('one that is taken is refused, and what was bound before it is released', async () => {
    const other = net.createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    expect(await refusal([hello, '-b', 'unix:first.sock', '-b', `127.0.0.1:${port}`])).toMatch(
      new RegExp(
        `^--bind 127\\.0\\.0\\.1:${port}: the address is already in use; stop what holds it .* or choose another`,
      ),
    );
  });

  itAsOrdinaryUser('one below 1024 is refused', async () => {
    expect(await refusal([hello, '-b', '127.0.0.1:81'])).toMatch(
      /^--bind 127\.0\.0\.1:81: permission denied; /,
    );
  });
});
