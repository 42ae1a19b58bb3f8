import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ask } from '../support/http-client.ts';
import { shareServer } from '../support/shared.ts';
import { root } from '../support/tsunicorn.ts';

const routes = join(root, 'test/fixtures/routes');

describe.each([
  ['a Node listener', 'node.ts:app'],
  ['an http.Server', 'node.ts:server'],
  ['a fetch handler', 'fetch.ts:app'],
  ['an object with fetch', 'fetch.ts'],
  ['a gateway application', 'gateway.ts:app'],
  ['a gateway application under the validator', 'gateway.ts:validated'],
])('%s', (_shape, spec) => {
  const server = shareServer(['-b', '127.0.0.1:0', join(routes, spec)], { cwd: root });
  const at = (path: string) => ({ url: server().at, path });

  it('answers GET', async () => {
    expect(await ask(at('/?q=1'))).toMatchObject({ status: 200, body: 'hello\n' });
  });

  it('reads and answers JSON', async () => {
    const question = { ...at('/json'), method: 'POST', headers: { 'content-type': 'application/json' } };
    const { status, headers, body } = await ask({ ...question, body: '{"title":"Æsop"}' });
    expect({ status, body: JSON.parse(body) }).toEqual({ status: 200, body: { got: { title: 'Æsop' } } });
    expect(headers['content-type']).toMatch(/^application\/json/);
  });

  it('answers HEAD with the headers alone', async () => {
    const { status, body } = await ask({ ...at('/'), method: 'HEAD' });
    expect({ status, body }).toEqual({ status: 200, body: '' });
  });

  it('answers a 304 without a body and keeps its headers', async () => {
    const { status, headers, body } = await ask({ ...at('/fresh'), headers: { 'if-none-match': '"v1"' } });
    expect({ status, etag: headers.etag, body }).toEqual({ status: 304, etag: '"v1"', body: '' });
    expect(await ask(at('/fresh'))).toMatchObject({ status: 200, body: 'stale\n' });
  });

  it('sends several Set-Cookie headers apart', async () => {
    expect((await ask(at('/cookies'))).headers['set-cookie']).toEqual(['a=1; Path=/', 'b=2; HttpOnly']);
  });

  it('sends empty bodies', async () => {
    expect(await ask(at('/empty'))).toMatchObject({ status: 200, body: '' });
    expect(await ask(at('/nothing'))).toMatchObject({ status: 204, body: '' });
  });

  it('streams an answer: its first part arrives before the last is made', async () => {
    const { response } = await open(at('/stream'));
    expect(await nextText(response)).toBe('first\n');
    await ask(at('/release'));
    expect(await nextText(response)).toBe('second\n');
    response.destroy();
  });

  it('streams both ways: parts of a request are answered before its end', async () => {
    const { request, response } = await open({ ...at('/duplex'), method: 'POST' }, 'ping\n');
    expect(await nextText(response)).toBe('ping\n');
    request.write('pong\n');
    expect(await nextText(response)).toBe('pong\n');
    request.end();
    response.resume();
    await once(response, 'end');
  });

  it('tells the application when its client has gone', async () => {
    const client = http.get({ ...urlOf(at('/hang')), agent: false }).on('error', () => {});
    expect((await ask(at('/hanging'))).body).toBe('hanging\n');
    client.destroy();
    expect((await ask(at('/aborted'))).body).toBe('aborted\n');
  });

  it.each(['/throw', '/reject'])(
    'answers 500 and logs the stack when the handler fails (%s)',
    async (path) => {
      const from = server().stderr.length;
      const { status, body } = await ask(at(path));
      expect({ status, body }).toEqual({ status: 500, body: 'Internal Server Error\n' });
      await server().waitForLog(new RegExp(`\\[ERROR\\] .*GET ${path}.*on purpose`), from);
      await server().waitForLog(/^ {4}.*routes\/(node|fetch|gateway)\.ts:\d+/m, from);
      expect(await ask(at('/'))).toMatchObject({ status: 200 });
    },
  );

  it('is asked for a path that it does not have', async () => {
    expect(await ask(at('/nowhere'))).toMatchObject({ status: 404, body: 'not found\n' });
  });
});

describe('an http.Server with an upgrade listener', () => {
  const server = shareServer(['-b', '127.0.0.1:0', join(routes, 'node.ts:server')], { cwd: root });

  it('answers an upgrade and then talks over the connection', async () => {
    const { hostname, port } = new URL(server().at);
    const client = net.connect(Number(port), hostname);
    client.write('GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    const answer = await nextText(client);
    expect(answer).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    expect(answer).toMatch(/\r\nUpgrade: websocket\r\n/);
    client.write('over to you');
    expect(await nextText(client)).toBe('over to you');
    client.destroy();
  });
});

interface At {
  readonly url: string;
  readonly path: string;
  readonly method?: string;
}

function urlOf({ url, path, method = 'GET' }: At) {
  const { hostname, port } = new URL(url);
  return { host: hostname, port, path, method };
}

/** A request that is still open, and the head of its answer. */
async function open(at: At, firstPart?: string) {
  const request = http.request({ ...urlOf(at), agent: false });
  if (firstPart === undefined) request.end();
  else request.write(firstPart);
  const [response]: IncomingMessage[] = await once(request, 'response');
  if (response === undefined) throw new Error('a response event without a response');
  return { request, response };
}

/** The next part that arrives. */
async function nextText(stream: IncomingMessage | net.Socket): Promise<string> {
  const arrived = once(stream.setEncoding('utf8'), 'data');
  stream.resume();
  const [text] = await arrived;
  stream.pause();
  return text;
}
