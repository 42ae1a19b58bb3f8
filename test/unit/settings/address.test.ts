import { describe, expect, it } from 'vitest';
import { formatAddress, formatTcp, overlap, parseAddress, parseBind } from '../../../src/settings/address.ts';
import { UsageError } from '../../../src/support/errors.ts';

const parse = (text: string) => {
  const { source: _source, ...rest } = parseAddress('--bind', text);
  return rest;
};

describe('an address', () => {
  it.each([
    ['127.0.0.1:9000', '127.0.0.1', 9000],
    ['0.0.0.0:0', '0.0.0.0', 0],
    ['localhost:65535', 'localhost', 65_535],
    ['app.example', 'app.example', 8000],
    [':9000', '0.0.0.0', 9000],
    ['[::1]:9000', '::1', 9000],
    ['[::1]', '::1', 8000],
    ['[::]:9000', '::', 9000],
    ['[]:9000', '::', 9000],
    ['http://127.0.0.1:9000', '127.0.0.1', 9000],
    ['https://127.0.0.1:9000', '127.0.0.1', 9000],
    ['tcp://127.0.0.1:9000', '127.0.0.1', 9000],
  ])('%s is host and port', (text, host, port) => {
    expect(parse(text)).toEqual({ kind: 'tcp', host, port });
  });

  it.each([
    ['unix:/run/app.sock', '/run/app.sock'],
    ['unix:///run/app.sock', '/run/app.sock'],
    ['unix:app.sock', 'app.sock'],
  ])('%s is a path', (text, path) => {
    expect(parse(text)).toEqual({ kind: 'unix', path });
  });

  it('unix:@name is a name in the abstract namespace', () => {
    expect(parse('unix:@app')).toEqual({ kind: 'abstract', name: 'app' });
  });

  it('unix:@name is refused where the kernel has no such namespace', () => {
    const own = Object.getOwnPropertyDescriptor(process, 'platform') ?? expect.fail('no platform');
    Object.defineProperty(process, 'platform', { ...own, value: 'darwin' });
    try {
      expect(() => parse('unix:@app')).toThrow(/only Linux has sockets without a file; write unix:/);
    } finally {
      Object.defineProperty(process, 'platform', own);
    }
  });

  it.each([
    ['tls:127.0.0.1:9000', { kind: 'tcp', host: '127.0.0.1', port: 9000 }],
    ['tls://[::1]:9000', { kind: 'tcp', host: '::1', port: 9000 }],
    ['tls:unix:/run/app.sock', { kind: 'unix', path: '/run/app.sock' }],
    ['tls:fd://3', { kind: 'fd', fd: 3 }],
  ])('%s is the same over TLS', (text, address) => {
    expect(parse(text)).toEqual({ ...address, isTls: true });
  });

  it('fd://3 is an inherited descriptor', () => {
    expect(parse('fd://3')).toEqual({ kind: 'fd', fd: 3 });
  });

  it('keeps how the operator named it', () => {
    expect(parseAddress('config.ts: bind', ':9000').source).toBe('config.ts: bind :9000');
  });

  it.each([
    ['8000', /is it a port\? Write 127\.0\.0\.1:8000/],
    ['127.0.0.1:65536', /a port is a number from 0 to 65535/],
    ['127.0.0.1:http', /expected host:port/],
    ['127.0.0.1:-1', /expected host:port/],
    ['::1:9000', /expected host:port, \[v6\]:port/],
    ['[::1]9000', /expected host:port/],
    ['a b:9000', /not a host name/],
    ['unix:', /a path is missing; write unix:\/run\/app\.sock/],
    ['unix:@', /a path is missing/],
    ['unix:a\0b', /a path is missing/],
    ['fd://', /descriptor from 3 up/],
    ['fd://2', /descriptor from 3 up/],
    ['fd://-1', /descriptor from 3 up/],
    ['fd://3x', /descriptor from 3 up/],
    [`unix:/${'a'.repeat(107)}`, /at most 107 bytes/],
    [`unix:/${'é'.repeat(54)}`, /at most 107 bytes/],
  ])('%j is refused in one line that names its source', (text, cure) => {
    const refuse = () => parseAddress('--bind', text);
    expect(refuse).toThrow(UsageError);
    expect(refuse).toThrow(cure);
    expect(refuse).toThrow(/^--bind [^\n]+$/);
  });

  it('of a path may have 107 bytes', () => {
    expect(parse(`unix:/${'a'.repeat(106)}`)).toMatchObject({ kind: 'unix' });
  });
});

describe('an address for each slot', () => {
  const bind = (text: string, count = 2) =>
    parseBind('--bind', text, count).map((address) => [formatAddress(address), address.slot]);

  it('has the number of the slot in place of {slot}, in a port, a path or a name', () => {
    expect(bind('127.0.0.1:900{slot}')).toEqual([
      ['http://127.0.0.1:9000', 0],
      ['http://127.0.0.1:9001', 1],
    ]);
    expect(bind('unix:/run/{slot}/app.{slot}.sock', 3).at(-1)).toEqual(['unix:/run/2/app.2.sock', 2]);
    expect(bind('unix:@app{slot}', 1)).toEqual([['unix:@app0', 0]]);
  });

  it('is one address of all slots without {slot}', () => {
    expect(bind(':9000', 4)).toEqual([['http://0.0.0.0:9000', undefined]]);
  });

  it.each([
    ['fd://{slot}', 2, /not in a descriptor$/],
    ['127.0.0.1:{slot}', 2, /slot 0 would have port 0; write digits before \{slot\}, as in :900\{slot\}$/],
    ['127.0.0.1:900{slot}', 11, /^--bind 127.0.0.1:90010: a port is a number from 0 to 65535$/],
  ])('%j of %i slots is refused in one line', (text, count, why) => {
    expect(() => parseBind('--bind', text, count)).toThrow(why);
  });
});

describe('an address as a text', () => {
  it.each([
    ['127.0.0.1:9000', 'http://127.0.0.1:9000'],
    ['[::1]:9000', 'http://[::1]:9000'],
    ['unix:/run/app.sock', 'unix:/run/app.sock'],
    ['unix:@app', 'unix:@app'],
    ['fd://3', 'fd://3'],
  ])('%s reads %s and is parsed back', (text, formatted) => {
    expect(formatAddress(parseAddress('--bind', text))).toBe(formatted);
    expect(parse(formatted)).toEqual(parse(text));
  });

  it('puts brackets round IPv6 alone', () => {
    expect(formatTcp('::1', 80)).toBe('http://[::1]:80');
    expect(formatTcp('10.0.0.1', 80)).toBe('http://10.0.0.1:80');
  });
});

describe('two addresses', () => {
  it.each([
    ['127.0.0.1:80', '127.0.0.1:80'],
    ['0.0.0.0:80', '127.0.0.1:80'],
    ['localhost:80', '0.0.0.0:80'],
    ['[::]:80', '127.0.0.1:80'],
    ['[::]:80', '[::1]:80'],
  ])('%s and %s overlap', (one, other) => {
    expect(overlap(parseAddress('', one), parseAddress('', other))).toBe(true);
    expect(overlap(parseAddress('', other), parseAddress('', one))).toBe(true);
  });

  it.each([
    ['127.0.0.1:80', '127.0.0.1:81'],
    ['127.0.0.1:80', '127.0.0.2:80'],
    ['0.0.0.0:80', '[::1]:80'],
    ['unix:a', 'unix:a'],
  ])('%s and %s do not', (one, other) => {
    expect(overlap(parseAddress('', one), parseAddress('', other))).toBe(false);
    expect(overlap(parseAddress('', other), parseAddress('', one))).toBe(false);
  });
});
