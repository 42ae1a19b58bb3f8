import { describe, expect, it } from 'vitest';
import { type Answer, ask } from '../support/http-client.ts';
import { askHttp2, connectHttp2 } from '../support/http2-client.ts';
import { sharedDirectory, shareServers } from '../support/shared.ts';
import { root } from '../support/tsunicorn.ts';
import { wireTo } from '../support/wire.ts';

const CONTEXT = `${root}dist/src/context/context.js`;
const SEEN = `
  const { client, scheme, host } = request;
  const seen = { client, scheme, host, peer: request.incoming.socket.remoteAddress };`;

const directory = sharedDirectory({
  'node.mjs': `import { request } from '${CONTEXT}';
    export default (req, res) => {${SEEN}
      res.end(JSON.stringify(seen));
    };`,
  'fetch.mjs': `export default { fetch: (request, env) => Response.json({ url: request.url, rootPath: env.rootPath }) };`,
  'gateway.mjs': `import { wsgi } from '${root}dist/src/index.js';
    export default wsgi((environ, startResponse) => {
      startResponse('200 OK', []);
      return [JSON.stringify({ ...environ, 'wsgi.input': null, 'wsgi.errors': null })];
    });`,
  'program.cjs': `require('node:http').createServer((req, res) => res.end(req.socket.remoteAddress)).listen(3000);`,
  'express.mjs': `import express from '${root}node_modules/express/index.js';
    const app = express();
    app.set('trust proxy', 'loopback');
    app.use((req, res) => res.json({ ip: req.ip, protocol: req.protocol, hostname: req.hostname }));
    export default app;`,
});
const MOUNTS = ['node', 'fetch', 'gateway', 'express'].flatMap((name) => ['--mount', `/${name}=${name}.mjs`]);
const LOG = ['--access-logfile', '-', '--access-logformat', '%(h)s %(r)s'];
const services = [
  ['async', [...MOUNTS, '-k', 'async']],
  ['sync', [...MOUNTS, '-k', 'sync']],
  ['thread', [...MOUNTS, '-k', 'thread', '--threads', '1']],
  ['a program', ['program.cjs']],
  ['untrusted', [...MOUNTS, '--forwarded-allow-ips', '10.0.0.0/8']],
  [
    'with other headers',
    [...MOUNTS, '--header-map', 'refuse', '--forwarder-headers', 'X-Forwarded-For,SCRIPT_NAME,REMOTE_USER'],
  ],
] as const;
const servers = shareServers(
  services.map(([, args]) => [...args, ...LOG, '--http2-cleartext']),
  { cwd: directory },
);
const server = (name: (typeof services)[number][0]) =>
  servers[services.findIndex(([one]) => one === name)]?.() as ReturnType<(typeof servers)[number]>;

const HEADERS = {
  host: 'inside.test:8000',
  'x-forwarded-for': '6.6.6.6, 192.0.2.7',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'shop.test',
  'x-forwarded-prefix': '/shop',
};
const json = ({ body }: Answer) => JSON.parse(body) as unknown;

describe.each(['async', 'sync', 'thread'] as const)('in class %s what trusted proxies say', (name) => {
  const at = (path: string, headers: Readonly<Record<string, string>> = HEADERS) =>
    ask({ url: server(name).at, path, headers });

  it('is what contexts tell, while the socket has the peer', async () => {
    expect(json(await at('/node'))).toEqual({
      client: '192.0.2.7',
      scheme: 'https',
      host: 'shop.test',
      peer: '127.0.0.1',
    });
    expect(json(await at('/node', { host: 'inside.test:8000' }))).toEqual({
      client: '127.0.0.1',
      scheme: 'http',
      host: 'inside.test:8000',
      peer: '127.0.0.1',
    });
  });

  it('is the URL of fetch handlers', async () => {
    expect(json(await at('/fetch/a?b=c'))).toEqual({
      url: 'https://shop.test/a?b=c',
      rootPath: '/shop/fetch',
    });
    expect(json(await at('/fetch/a', { host: 'inside.test:8000' }))).toEqual({
      url: 'http://inside.test:8000/a',
      rootPath: '/fetch',
    });
  });

  it('is in the environ of gateway applications', async () => {
    expect(json(await at('/gateway/a'))).toMatchObject({
      REMOTE_ADDR: '192.0.2.7',
      REMOTE_PORT: '',
      'wsgi.url_scheme': 'https',
      HTTP_HOST: 'shop.test',
      SCRIPT_NAME: '/shop/gateway',
      PATH_INFO: '/a',
    });
  });

  it('leaves Express to its own `trust proxy`', async () => {
    expect(json(await at('/express'))).toEqual({ ip: '192.0.2.7', protocol: 'https', hostname: 'shop.test' });
  });

  it('is told over HTTP/2 too, and contradictions are refused there', async () => {
    const { host, ...headers } = HEADERS;
    const askOver = (path: string, more = {}) =>
      askHttp2(connectHttp2(server(name).at), path, { headers: { ...headers, ':authority': host, ...more } });
    expect(JSON.parse((await askOver('/node')).body)).toEqual({
      client: '192.0.2.7',
      scheme: 'https',
      host: 'shop.test',
      peer: '127.0.0.1',
    });
    expect(JSON.parse((await askOver('/fetch/a?b=c')).body)).toEqual({
      url: 'https://shop.test/a?b=c',
      rootPath: '/shop/fetch',
    });
    expect(JSON.parse((await askOver('/gateway/a')).body)).toMatchObject({
      REMOTE_ADDR: '192.0.2.7',
      'wsgi.url_scheme': 'https',
      HTTP_HOST: 'shop.test',
    });
    expect((await askOver('/node', { forwarded: 'for=192.0.2.8' })).status).toBe(400);
  });

  it('is in the access log, and a contradiction is answered with 400 before the application', async () => {
    await at(`/node?${name}`);
    const headers = { ...HEADERS, forwarded: 'for=192.0.2.8' };
    const answer = await at(`/node?contradiction`, headers);
    expect([answer.status, answer.headers.connection]).toEqual([400, 'close']);
    await server(name).waitFor(
      () =>
        [`192.0.2.7 GET /node?${name} `, '127.0.0.1 GET /node?contradiction '].every((line) =>
          server(name).stdout.includes(line),
        ),
      'the lines',
    );
    expect(server(name).stderr).toMatch(
      /Refused a request of 127\.0\.0\.1 with 400 Bad Request: .*contradict/,
    );
  });
});

it('a program sees the peer, and the access log has the client', async () => {
  const { at } = server('a program');
  expect((await ask({ url: at, path: '/p', headers: HEADERS })).body).toBe('127.0.0.1');
  await server('a program').waitFor(
    () => server('a program').stdout.includes('192.0.2.7 GET /p '),
    'its line',
  );
});

it('others are not believed, and their headers contradict nobody', async () => {
  const { at } = server('untrusted');
  const headers = { ...HEADERS, forwarded: 'for=192.0.2.8', 'x-forwarded-port': 'x' };
  const answer = await ask({ url: at, path: '/fetch/', headers });
  expect(json(answer)).toEqual({ url: 'http://inside.test:8000/', rootPath: '/fetch' });
});

it('a client that resets its connection is not taken for one on a Unix socket', async () => {
  const untrusted = server('untrusted');
  const port = Number(new URL(untrusted.at).port);
  for (let at = 0; at < 10; at++) {
    const { socket } = await wireTo(port);
    socket.write(`GET /node?reset=${at} HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n`);
    socket.resetAndDestroy();
  }
  await untrusted.waitFor(() => / GET \/node\?reset=/.test(untrusted.stdout), 'a line');
  await ask({ url: untrusted.at, path: '/node?after' });
  await untrusted.waitFor(() => untrusted.stdout.includes('GET /node?after '), 'the last line');
  expect(untrusted.stdout).not.toContain('6.6.6.6 GET');
});

it('only the headers that --forwarder-headers names are believed, with an underscore too', async () => {
  const { at } = server('with other headers');
  const headers = { ...HEADERS, SCRIPT_NAME: '/x', REMOTE_USER: 'ada' };
  expect(json(await ask({ url: at, path: '/gateway/a', headers }))).toMatchObject({
    REMOTE_ADDR: '192.0.2.7',
    'wsgi.url_scheme': 'http',
    HTTP_HOST: 'inside.test:8000',
    SCRIPT_NAME: '/x',
    REMOTE_USER: 'ada',
  });
  const other = await ask({ url: at, path: '/gateway/a', headers: { ...headers, X_OTHER: '1' } });
  expect(other.status).toBe(400);
});
