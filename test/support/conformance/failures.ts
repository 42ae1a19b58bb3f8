import { once } from 'node:events';
import { expect } from 'vitest';
import type { Wire } from '../wire.ts';
import { type Cases, latch, type Target } from './target.ts';

const head = (line: string, ...lines: readonly string[]) =>
  `${[line, 'Host: wire.test', ...lines].join('\r\n')}\r\n\r\n`;

/** What the server answers by itself: that status, a closed connection, and nothing of it reaches the application. */
async function refuses(target: Target, request: string, status: number): Promise<void> {
  const calls = await target.callsDuring(async () => {
    const text = await (await target.wire(request)).ended;
    expect(text, JSON.stringify(request.slice(0, 200))).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(text).toMatch(/\r\nConnection: close\r\n/i);
  });
  expect(calls).toBe(0);
}

const MALFORMED: readonly string[] = [
  'nonsense\r\n\r\n',
  'GET / HTTP/9.9\r\nHost: wire.test\r\n\r\n',
  'GET / HTTP/1.1\r\n\r\n',
  head('GET / HTTP/1.1', 'Bad Name: x'),
  head('GET / HTTP/1.1', ': no name'),
  head('GET / HTTP/1.1', 'X-Nul: a\0b'),
  head('POST / HTTP/1.1', 'Content-Length: 1x'),
  head('POST / HTTP/1.1', 'Content-Length: 1', 'Content-Length: 2'),
  head('POST / HTTP/1.1', 'Content-Length: 1', 'Transfer-Encoding: chunked'),
];

/** Requests that leave nothing to answer, and how their clients go. */
const DEPARTURES: Readonly<Record<string, string>> = {
  'in its head': 'GET / HTTP/1.1\r\nHo',
  'in its body, which is read whole': `${head('POST /whole HTTP/1.1', 'Content-Length: 300000')}some`,
  'in its body, which is streamed': `${head('POST /echo HTTP/1.1', 'Content-Length: 300000')}some`,
  'in its chunked body': `${head('POST /whole HTTP/1.1', 'Transfer-Encoding: chunked')}4\r\nsome\r\n`,
  'in a body larger than any buffer': `${head('POST /whole HTTP/1.1', 'Content-Length: 3000000')}${'x'.repeat(1_500_000)}`,
  'while the application works': head('GET /hang HTTP/1.1'),
};

/** Of those, the ones whose answers have not begun then. */
const BLAMELESS = Object.fromEntries(
  Object.entries(DEPARTURES).filter(([, request]) => /^(?:POST \/whole|GET \/hang)/.test(request)),
);

/** What goes wrong: in the application, in the request, with the client. */
export const failures: Cases = {
  ...Object.fromEntries(
    ['/throw', '/reject'].map((path) => [
      `answers 500 when the application fails before its head (${path}), and goes on`,
      (target: Target) =>
        target.survives(async () => {
          const { status, body } = await target.ask(path);
          expect({ status, body }).toEqual({ status: 500, body: 'Internal Server Error\n' });
        }),
    ]),
  ),
  'cuts the connection when the application fails after its head, so that the answer is not taken for whole':
    (target) =>
      target.survives(async () => {
        const { query, release } = latch();
        const wire = await target.wire(head(`GET /break?${query} HTTP/1.1`));
        await wire.until(/half/);
        release();
        expect(await wire.ended).not.toMatch(/\r\n0\r\n/);
      }),
  'answers what is no request with 400': async (target) => {
    for (const request of MALFORMED) await refuses(target, request, 400);
  },
  'answers a method that nobody knows with 400': (target) => refuses(target, head('BREW / HTTP/1.1'), 400),
  'answers a head that is too large with 431': (target) =>
    refuses(target, head('GET / HTTP/1.1', `X-Large: ${'x'.repeat(20_000)}`), 431),
  'answers an expectation that it does not know with 417': async (target) => {
    const request = head('GET / HTTP/1.1', 'Expect: a miracle', 'Connection: close');
    expect(await (await target.wire(request)).ended).toMatch(/^HTTP\/1\.1 417 /);
  },
  'ends a body whose chunks are malformed, and goes on': (target) =>
    target.survives(async () => {
      const request = `${head('POST /whole HTTP/1.1', 'Transfer-Encoding: chunked')}nonsense\r\n`;
      expect(await (await target.wire(request)).ended).not.toMatch(/ 200 /);
    }),
  ...Object.fromEntries(
    Object.entries(BLAMELESS).map(([when, request]) => [
      `is not blamed for a client that goes ${when}`,
      (target: Target) =>
        target.isNotBlamed(request, [({ socket }) => socket.destroy(), ({ socket }) => socket.end(), reset]),
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(DEPARTURES).map(([when, request]) => [
      `survives a client that goes ${when}`,
      (target: Target) =>
        target.survives(async () => {
          (await target.wire(request)).socket.destroy();
          reset(await target.wire(request));
        }),
    ]),
  ),
  'survives a client that goes while it gets its answer': (target) =>
    target.survives(async () => {
      const { socket } = await target.wire(head('GET /large HTTP/1.1'));
      await once(socket, 'data');
      socket.destroy();
    }),
};

/** Ends it with RST instead of FIN, on TCP. */
function reset({ socket }: Wire): void {
  if (socket.remoteAddress === undefined) socket.destroy();
  else socket.resetAndDestroy();
}
