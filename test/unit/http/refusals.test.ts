import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { NO_LIMITS } from '../../../src/http/edge/limits.ts';
import { get, startEngine } from '../../support/http-engine.ts';
import { turns } from '../../support/wire.ts';

const large = `GET / HTTP/1.1\r\nHost: test\r\nCookie: ${'a'.repeat(20_000)}\r\n\r\n`;

it.each([
  [
    'headers that are too large',
    large,
    'HTTP/1.1 431 Request Header Fields Too Large',
    'Parse Error: Header overflow (HPE_HEADER_OVERFLOW); NODE_OPTIONS=--max-http-header-size=65536 allows larger ones',
  ],
  [
    'what is no HTTP',
    'HELLO\r\n\r\n',
    'HTTP/1.1 400 Bad Request',
    'Parse Error: Invalid method encountered (HPE_INVALID_METHOD)',
  ],
])('answers %s as Node does, and says so in a line', async (_what, text, status, why) => {
  const lines: string[] = [];
  const engine = await startEngine({ onRefused: (line) => lines.push(line) });
  const wire = await engine.send(text);
  expect(await wire.ended).toBe(`${status}\r\nConnection: close\r\n\r\n`);
  expect(lines).toEqual([`Refused a request of 127.0.0.1 with ${status.slice('HTTP/1.1 '.length)}: ${why}`]);
});

describe('what is no HTTP behind a request that is being answered', () => {
  const garbage = 'HELLO\r\n\r\n';

  it.each([
    ['has begun', true],
    ['has not begun', false],
  ])('waits for an answer that %s, and ends the connection behind it', async (_what, begins) => {
    const answered = Promise.withResolvers<ServerResponse>();
    const engine = await startEngine({
      handler: (_request, response) => {
        if (begins) response.write('part');
        answered.resolve(response);
      },
    });
    const wire = await engine.send(get() + garbage);
    const response = await answered.promise;
    // All further bytes are errors of the parser too.
    wire.write(garbage);
    await turns(10);
    response.end('whole');
    expect(await wire.ended).toMatch(/^HTTP\/1\.1 200 [\s\S]*whole[\s\S]*HTTP\/1\.1 400 Bad Request[^H]*$/);
  });

  it.each(['', 'Connection: close\r\n'])(
    'ends that request when its client ends its side (%j)',
    async (line) => {
      const left = Promise.withResolvers<void>();
      const engine = await startEngine({
        handler: (_request, response) => response.once('close', left.resolve),
      });
      const wire = await engine.send(`GET / HTTP/1.1\r\nHost: x\r\n${line}\r\n${garbage}`);
      wire.socket.end();
      await left.promise;
      expect(await wire.ended).toBe('');
      expect(engine.connections.size).toBe(0);
    },
  );

  it('gets no answer behind Connection: close', async () => {
    const lines: string[] = [];
    const engine = await startEngine({
      handler: (_request, response) => void setImmediate(() => response.end('whole')),
      onRefused: (line) => lines.push(line),
    });
    const wire = await engine.send(`${get().replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')}${garbage}`);
    expect(await wire.ended).toMatch(/^HTTP\/1\.1 200 [\s\S]*whole$/);
    expect(lines).toEqual([]);
  });
});

it('says who has sent it where nothing is kept of the requests before', async () => {
  const lines: string[] = [];
  const engine = await startEngine({
    handler: (_request, response) => response.end('answered'),
    onRefused: (line) => lines.push(line),
  });
  const wire = await engine.send(get());
  await wire.until(/HTTP\/1\.1 200/);
  await expect.poll(() => engine.connections.census()).toMatchObject({ idle: 1 });
  engine.connections.forgetAnswered();
  wire.write('HELLO\r\n\r\n');
  expect(await wire.ended).toMatch(/HTTP\/1\.1 400 Bad Request/);
  expect(lines).toEqual([expect.stringMatching(/^Refused a request of 127\.0\.0\.1 with 400 Bad Request: /)]);
});

it('is silent about a client that goes without a word', async () => {
  const lines: string[] = [];
  const engine = await startEngine({ onRefused: (line) => lines.push(line) });
  const wire = await engine.send('');
  wire.socket.end();
  await wire.ended;
  expect(lines).toEqual([]);
});

describe('a client that keeps its connection', () => {
  it.each([
    ['CONNECT', 'CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n', /^HTTP\/1\.1 501 /],
    [
      'an upgrade without Host',
      'GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      /^HTTP\/1\.1 400 /,
    ],
  ])('after %s was refused loses it nevertheless', async (_what, text, answer) => {
    const engine = await startEngine({ upgrade: () => {} });
    const wire = await engine.send(text);
    wire.socket.allowHalfOpen = true;
    await wire.until(answer);
    await engine.connections.emptied();
  });

  it('gets no request run that becomes whole after it was answered with 408', async () => {
    const urls: (string | undefined)[] = [];
    const engine = await startEngine({
      limits: { ...NO_LIMITS, headMs: 500 },
      handler: ({ url }) => void urls.push(url),
    });
    const wire = await engine.send('GET /late HTTP/1.1\r\n');
    wire.socket.allowHalfOpen = true;
    await wire.until(/^HTTP\/1\.1 408 /);
    wire.write(`Host: x\r\n\r\n${get('/behind')}`);
    await engine.connections.emptied();
    expect(urls).toEqual([]);
  });
});
