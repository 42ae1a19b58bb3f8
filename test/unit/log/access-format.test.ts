import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { FlightTable } from '../../../src/flights/table.ts';
import { type Entry, RequestEntry } from '../../../src/log/access-entry.ts';
import { checkAccessFormat, compileFormat } from '../../../src/log/access-format.ts';
import { UsageError } from '../../../src/support/errors.ts';

interface Given {
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly url?: string;
  readonly remote?: string;
  readonly bytes?: number;
  readonly status?: number;
  readonly startMs?: number;
  readonly queueMs?: number;
  /** Whether the answer had begun. */
  readonly sent?: boolean;
}

function entryOf(given: Given): Entry {
  const { method = 'GET', url = '/', remote = '192.0.2.1', headers = {} } = given;
  const req = new IncomingMessage(new Socket());
  req.httpVersion = '1.1';
  req.method = method;
  for (const [name, value] of Object.entries(headers)) {
    req.rawHeaders.push(name, value);
    req.headers[name.toLowerCase()] = value;
  }
  const res = new ServerResponse(req);
  res.setHeader('X-Out', ['a', 'b']);
  res.statusCode = given.status ?? 200;
  Object.defineProperty(res, 'writableFinished', { value: given.sent ?? true });
  if (given.sent ?? true) res.flushHeaders();
  const body = {
    ...{ bytes: given.bytes ?? 0, write: res.write, end: res.end },
    ...{ flights: new FlightTable(), slot: 0 },
  };
  req.url = url;
  return new RequestEntry(req, res, remote, given.startMs ?? 0, given.queueMs ?? null, body, 0);
}

function line(format: string, given: Given = {}): string {
  return compileFormat('--access-logformat', format).line(entryOf(given)).replace(/\n$/, '');
}

const basic = (credentials: string) => ({
  headers: { Authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
});

describe('the atoms', () => {
  it.each<[string, Given, string]>([
    ['%(h)s', {}, '192.0.2.1'],
    ['%(h)s', { remote: '' }, '-'],
    ['%(l)s', {}, '-'],
    ['%(Q)s', {}, '-'],
    ['%(Q)s', { queueMs: 12.4 }, '12'],
    ['%(u)s', {}, '-'],
    ['%(u)s', basic('ann:secret:x'), 'ann'],
    ['%(u)s', basic('a"\nb:'), 'a\\"\\x0ab'],
    ['%(u)s', basic('no colon'), '-'],
    ['%(u)s', { headers: { Authorization: 'Bearer YTpi' } }, '-'],
    ['%(r)s', { method: 'POST', url: '/a?b=1' }, 'POST /a?b=1 HTTP/1.1'],
    ['%(r)s', { url: '/"\\\xe9' }, 'GET /\\"\\\\\\xe9 HTTP/1.1'],
    ['%(m)s', { method: 'PUT' }, 'PUT'],
    ['%(U)s', { url: '/a/b?c?d' }, '/a/b'],
    ['%(q)s', { url: '/a/b?c?d' }, 'c?d'],
    ['%(q)s', { url: '/a/b' }, '-'],
    ['%(H)s', {}, 'HTTP/1.1'],
    ['%(s)s', { status: 404 }, '404'],
    ['%(s)s', { sent: false }, '499'],
    ['%(b)s %(B)s', { bytes: 12 }, '12 12'],
    ['%(b)s %(B)s', { bytes: 0 }, '- 0'],
    ['%(b)s %(B)s', { bytes: 12, method: 'HEAD' }, '- 0'],
    ['%(B)s', { bytes: 12, status: 204 }, '0'],
    ['%(B)s', { bytes: 12, status: 304 }, '0'],
    ['%(f)s', { headers: { REFERER: 'http://x/' } }, 'http://x/'],
    ['%(a)s', { headers: { 'User-Agent': 'a"b' } }, 'a\\"b'],
    ['%(f)s %(a)s', {}, '- -'],
    ['%(p)s', {}, `<${process.pid}>`],
    ['%({X-Thing}i)s', { headers: { 'x-thing': 'y\tz' } }, 'y\\x09z'],
    ['%({X-Thing}i)s', {}, '-'],
    ['%({x-out}o)s %({x-none}o)s', {}, 'a, b -'],
    ['%({NO_SUCH_VARIABLE}e)s', {}, '-'],
    ['100%% "%(m)s" %%(m)s', {}, '100% "GET" %(m)s'],
    ['', {}, ''],
  ])('writes %s', (format, given, expected) => {
    expect(line(format, given)).toBe(expected);
  });

  it('writes the time of the Common Log Format', () => {
    expect(line('%(t)s')).toMatch(/^\[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]$/);
  });

  it('writes the duration in four units', () => {
    const [T, M, D, L] = line('%(T)s %(M)s %(D)s %(L)s', { startMs: performance.now() - 61_000 }).split(' ');
    expect(T).toMatch(/^\d+$/);
    expect(Number(T)).toBeGreaterThanOrEqual(61);
    expect(Number(M)).toBeGreaterThanOrEqual(Number(T) * 1000);
    expect(Number(D)).toBeGreaterThanOrEqual(Number(M) * 1000);
    expect(L).toMatch(/^\d+\.\d{6}$/);
    expect(Number(L) * 1e6).toBeGreaterThanOrEqual(Number(D));
  });

  it('reads a variable of the environment', () => {
    const [name, value] = Object.entries(process.env).find(([, text]) => /^[\w/]+$/.test(text ?? '')) ?? [];
    expect(line(`%({${name}}e)s`)).toBe(value);
  });

  it('writes the format combined as Apache does', () => {
    const given = { bytes: 5, url: '/x', headers: { 'User-Agent': 'curl/8', Referer: 'http://x/' } };
    expect(line('combined', given)).toMatch(
      /^192\.0\.2\.1 - - \[[^\]]+\] "GET \/x HTTP\/1\.1" 200 5 "http:\/\/x\/" "curl\/8"$/,
    );
  });
});

describe('what a format needs', () => {
  it.each([
    ['%(t)s %(s)s', {}],
    ['%(h)s', { remote: true }],
    ['%(D)s', { start: true }],
    ['%(b)s', { body: true }],
    ['%({x}o)s', { responseHeaders: true }],
  ])('is only what %s shows', (format, needed) => {
    const none = {
      remote: false,
      start: false,
      body: false,
      responseHeaders: false,
      queue: false,
      id: false,
      tls: false,
      closeCode: false,
    };
    expect(compileFormat('', format).needs).toEqual({ ...none, ...needed });
  });
});

describe('a line that is too long for a pipe', () => {
  it('is cut', () => {
    const short = compileFormat('', '%(r)s').shortLine(entryOf({ url: `/${'x'.repeat(9000)}` }), 4096);
    expect(short).toHaveLength(4096);
    expect(short).toMatch(/^GET \/x+\.\.\.\n$/);
  });

  it('stays JSON in which values are cut', () => {
    const long = '\xe9'.repeat(5000);
    const entry = entryOf({ url: `/${long}?${long}`, headers: { Referer: long, 'User-Agent': long } });
    const short = compileFormat('', 'json').shortLine(entry, 4096);
    expect(short.length).toBeLessThanOrEqual(4096);
    expect(JSON.parse(short).path).toMatch(/^\/\xe9+$/);
  });
});

describe('the format json', () => {
  it('writes one object of ASCII', () => {
    const given = {
      bytes: 12,
      url: '/a?b',
      headers: { Referer: 'http://x/"\xe9', 'User-Agent': 'curl', ...basic('ann:x').headers },
    };
    const written = line('json', given);
    expect(written).toMatch(/^[\x20-\x7e]+$/);
    const { time, durationMs, ...rest } = JSON.parse(written);
    expect(new Date(time).toISOString()).toBe(time);
    expect(durationMs).toBeGreaterThan(0);
    expect(rest).toEqual({
      pid: process.pid,
      remote: '192.0.2.1',
      method: 'GET',
      path: '/a',
      query: 'b',
      protocol: 'HTTP/1.1',
      status: 200,
      bytes: 12,
      queueMs: null,
      referer: 'http://x/"\xe9',
      userAgent: 'curl',
      user: 'ann',
      cut: null,
      requestId: expect.stringMatching(/^[\da-z]{12}-[\da-z]+$/),
      traceId: null,
      closeCode: null,
    });
  });

  it('writes null for what is missing', () => {
    const missing = { remote: null, query: null, referer: null, userAgent: null, user: null };
    expect(JSON.parse(line('json', { remote: '' }))).toMatchObject(missing);
  });
});

describe('a format that is refused', () => {
  it.each([
    [
      '%(z)s',
      'unknown atom %(z)s; known are h l u t r m U q H s b B f a T M D L Q I Z C p X and {header}i {header}o {VARIABLE}e',
    ],
    ['%({x}z)s', 'unknown atom %({x}z)s'],
    ['%(constructor)s', 'unknown atom %(constructor)s'],
    ['%h', 'expected %(atom)s or %% but found "%h" with a single %'],
    ['%(h)', 'a single %'],
    ['100%', 'a single %'],
  ])('%s says why', (format, why) => {
    const check = () => checkAccessFormat('--access-logformat', format);
    expect(check).toThrow(UsageError);
    expect(check).toThrow(/^--access-logformat: /);
    expect(check).toThrow(why);
  });
});
