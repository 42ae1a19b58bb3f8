import { describe, expect, it } from 'vitest';
import { type EdgeLimits, NO_LIMITS } from '../../../../src/http/edge/limits.ts';
import { startEngine } from '../../../support/http-engine.ts';

const behind = 'GET /behind HTTP/1.1\r\nHost: x\r\n\r\n';
const get = (target: string, ...fields: readonly string[]) =>
  `${[`GET ${target} HTTP/1.1`, 'Host: x', ...fields].join('\r\n')}\r\n\r\n`;
const post = (field: string, body: string) => `POST / HTTP/1.1\r\nHost: x\r\n${field}\r\n\r\n${body}`;
const long = (size: number) => 'a'.repeat(size);

async function serve(limits: Partial<EdgeLimits>) {
  const ended: string[] = [];
  const failed: unknown[] = [];
  const engine = await startEngine({
    limits: { ...NO_LIMITS, ...limits },
    handler: async (request, response) => {
      try {
        for await (const _ of request);
      } catch (error) {
        failed.push(error);
        return;
      }
      ended.push(request.url ?? '');
      response.writeHead(200, { 'Content-Length': 2 }).end('ok');
    },
  });
  return { engine, ended, failed };
}

describe.each<[string, Partial<EdgeLimits>, number, refused: string, taken: string]>([
  ['a request line', { line: 40 }, 414, get(`/${long(27)}`), get(`/${long(25)}`)],
  ['more header fields', { fields: 2 }, 431, get('/', 'A: b', 'C: d'), get('/', 'A: b')],
  ['a header field', { fieldSize: 42 }, 431, get('/', `Long: ${long(35)}`), get('/', `Long: ${long(34)}`)],
  [
    'a body of a known length',
    { body: 10 },
    413,
    post('Content-Length: 11', ''),
    post('Content-Length: 10', long(10)),
  ],
  [
    'a body whose length is not known',
    { body: 10 },
    413,
    post('Transfer-Encoding: chunked', 'b\r\naaaaaaaaaaa\r\n0\r\n\r\n'),
    post('Transfer-Encoding: chunked', 'a\r\naaaaaaaaaa\r\n0\r\n\r\n'),
  ],
])('%s beyond its limit', (_what, limits, status, refused, taken) => {
  it(`is answered with ${status}, and nothing behind it runs`, async () => {
    const { engine, ended } = await serve(limits);
    const wire = await engine.send(refused + behind);
    const answer = await wire.ended;
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^\r]+\r\nConnection: close\r\n`));
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(ended).toEqual([]);
  });

  it('is taken at the limit', async () => {
    const { engine } = await serve(limits);
    const wire = await engine.send(taken + behind);
    await wire.until(/ok[\s\S]*ok$/);
  });
});

it('refuses a body that is too large before its client is told to send it', async () => {
  const { engine } = await serve({ body: 10 });
  const wire = await engine.send(post('Expect: 100-continue\r\nContent-Length: 11', ''));
  expect(await wire.ended).toMatch(/^HTTP\/1\.1 413 /);
});

it('lets a handler that reads a body that grows too large end', async () => {
  const { engine, failed } = await serve({ body: 10 });
  const wire = await engine.send(post('Transfer-Encoding: chunked', `ff\r\n${long(255)}\r\n`));
  expect(await wire.ended).toMatch(/^HTTP\/1\.1 413 /);
  await engine.connections.emptied();
  await new Promise((turn) => setImmediate(turn));
  expect(failed).toMatchObject([{ code: 'ECONNRESET' }]);
});

it('answers 414 to a request line that is too long for Node, and 431 to a field', async () => {
  const { engine } = await serve({});
  expect(await (await engine.send(get(`/${long(20_000)}`))).ended).toMatch(/^HTTP\/1\.1 414 /);
  expect(await (await engine.send(get('/', `A: ${long(20_000)}`))).ended).toMatch(/^HTTP\/1\.1 431 /);
});

it('holds a header as large as its limits ask for', async () => {
  const { engine } = await serve({ fieldSize: 30_000, line: 30_000, fields: 5000 });
  const many = Array.from({ length: 2500 }, (_, at) => `A${at}: b`);
  await (await engine.send(get(`/${long(20_000)}`, `A: ${long(20_000)}`, ...many))).until(/ok$/);
});

it('lets nearly every client read why its header was refused, though it pumps on', async () => {
  const { engine } = await serve({});
  const fields = Array.from({ length: 500 }, (_, at) => `A${at}: ${long(8000)}`);
  const answers = await Promise.all(
    Array.from({ length: 20 }, async () => (await engine.send(get('/', ...fields))).ended),
  );
  expect(answers.filter((answer) => !/^HTTP\/1\.1 431 /.test(answer))).toEqual([]);
});

it('ends a client whose header takes too long with 408', async () => {
  const { engine } = await serve({ headMs: 200 });
  const wire = await engine.send('GET / HTTP/1.1\r\nHost: x\r\n');
  expect(await wire.ended).toMatch(/^HTTP\/1\.1 408 /);
});
