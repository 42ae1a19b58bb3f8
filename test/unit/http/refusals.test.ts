import { expect, it } from 'vitest';
import { get, startEngine } from '../../support/http-engine.ts';

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

it('adds nothing to an answer that has begun', async () => {
  const lines: string[] = [];
  const engine = await startEngine({
    handler: (_request, response) => void response.write('part'),
    onRefused: (line) => lines.push(line),
  });
  const wire = await engine.send(get());
  await wire.until(/part/);
  wire.write('HELLO\r\n\r\n');
  expect(await wire.ended).not.toContain('400');
  expect(lines).toEqual([]);
});

it('is silent about a client that goes without a word', async () => {
  const lines: string[] = [];
  const engine = await startEngine({ onRefused: (line) => lines.push(line) });
  const wire = await engine.send('');
  wire.socket.end();
  await wire.ended;
  expect(lines).toEqual([]);
});
