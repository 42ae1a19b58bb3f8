import { chmodSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { tellTestsApart } from '../support/current-test.ts';
import { type Front, startFront } from '../support/fronts.ts';
import { sharedDirectory, shareServers } from '../support/shared.ts';
import { withTool } from '../support/tools.ts';
import { root } from '../support/tsunicorn.ts';
import { Wire } from '../support/wire.ts';

// Each test has a front of its own, by the very files of deploy/.
tellTestsApart();

const CONTEXT = `${root}dist/src/context/context.js`;

const directory = sharedDirectory({
  // What every reader of the origin says.
  'node.mjs': `import { request } from '${CONTEXT}';
    export default async (req, res) => {
      let length = 0;
      for await (const part of req) length += part.length;
      const { client, scheme, host } = request;
      res.end(JSON.stringify({ client, scheme, host, length, connection: req.headers.connection ?? null }));
    };`,
  'fetch.mjs': `export default { fetch: (request) => Response.json({ url: request.url }) };`,
  'gateway.mjs': `import { wsgi } from '${root}dist/src/index.js';
    export default wsgi((environ, startResponse) => {
      startResponse('200 OK', []);
      const { REMOTE_ADDR, SCRIPT_NAME, HTTP_HOST, HTTP_COOKIE } = environ;
      return [JSON.stringify({ REMOTE_ADDR, SCRIPT_NAME, HTTP_HOST, HTTP_COOKIE, scheme: environ['wsgi.url_scheme'] })];
    });`,
});
chmodSync(directory, 0o755);

const MOUNTS = ['--mount', '/=node.mjs', '--mount', '/fetch=fetch.mjs', '--mount', '/gateway=gateway.mjs'];
const protocols = {
  http: [],
  proxy: ['--proxy-protocol', 'v2'],
  uwsgi: ['--protocol', 'uwsgi'],
} as const;
const names = Object.keys(protocols) as (keyof typeof protocols)[];
const path = (protocol: string) => join(directory, `${protocol}.sock`);
const servers = shareServers(
  names.map((name) => [
    ...[...MOUNTS, ...protocols[name], '-b', '127.0.0.1:0', '-b', `unix:${path(name)}`, '--umask', '0'],
    ...['--access-logfile', '-', '--access-logformat', '%(h)s %(r)s %(s)s %(Q)s %(I)s'],
  ]),
  { cwd: directory },
);

const CLIENT = '127.0.0.9';
/** What a client says that would like to be somebody else. */
const SPOOFED = {
  'x-forwarded-for': '6.6.6.6, 127.0.0.1',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'evil.test',
  'x-forwarded-port': '666',
  'x-forwarded-prefix': '/evil',
  'x-forwarded-ssl': 'on',
  'x-forwarded-protocol': 'ssl',
  forwarded: 'for=6.6.6.6;proto=https;host=evil.test',
  'x-request-id': 'evil-id',
  // An hour ago.
  'x-request-start': `t=${Date.now() - 3_600_000}`,
};

/** Asks a front from an address that is not trusted. */
async function askFrom(
  url: string,
  target: string,
  headers: Readonly<Record<string, string>> = {},
  body = '',
) {
  const socket = net.connect({ host: '127.0.0.1', port: Number(new URL(url).port), localAddress: CLIENT });
  const wire = new Wire(socket);
  const lines = Object.entries({
    host: 'shop.test',
    connection: 'close',
    'content-length': body.length,
    ...headers,
  });
  wire.write(
    `POST ${target} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
  );
  const text = await wire.ended;
  expect(text).toMatch(/^HTTP\/1\.1 200 /);
  return JSON.parse(/\{.*\}/.exec(text)?.[0] ?? text) as unknown;
}

const fronts: readonly (readonly [front: Front, tool: string, protocol: keyof typeof protocols])[] = [
  ['nginx', 'nginx', 'http'],
  ['apache', 'apache2', 'http'],
  ['haproxy', 'haproxy', 'proxy'],
  ['caddy', 'caddy', 'http'],
  ['nginx-uwsgi', 'nginx', 'uwsgi'],
  ['fleet-haproxy', 'haproxy', 'http'],
  ['fleet-nginx', 'nginx', 'http'],
];
/** These say themselves since when a request has waited: not where the client is the peer. */
const COUNTING = fronts.filter(([, , protocol]) => protocol === 'http').map(([front]) => front);

describe.each(fronts)('%s with its file of deploy/', (front, tool, protocol) => {
  const it = withTool(tool);
  const server = () => servers[names.indexOf(protocol)]?.() as ReturnType<(typeof servers)[number]>;

  const places: readonly (readonly [kind: string, before: () => string])[] = [
    ['TCP', () => new URL(server().at).host],
    ['a Unix socket', () => path(protocol)],
  ];

  it.each(front.startsWith('fleet') ? places.slice(0, 1) : places)(
    'before a service on %s says who the client is, and nobody else can',
    async (kind, before) => {
      const url = await startFront(front, before());
      const query = `?${front}-${kind.length}`;
      for (const headers of [{}, SPOOFED]) {
        expect(await askFrom(url, `/a${query}`, headers, 'x'.repeat(100_000))).toMatchObject({
          client: CLIENT,
          scheme: 'http',
          host: 'shop.test',
          length: 100_000,
        });
        expect(await askFrom(url, '/fetch/%C3%A9?b=c', headers)).toEqual({
          url: 'http://shop.test/%C3%A9?b=c',
        });
        expect(await askFrom(url, '/gateway', { ...headers, cookie: 'a=b; c=d' })).toEqual({
          REMOTE_ADDR: CLIENT,
          SCRIPT_NAME: '/gateway',
          HTTP_HOST: 'shop.test',
          HTTP_COOKIE: 'a=b; c=d',
          scheme: 'http',
        });
      }
      const lines = () =>
        server()
          .stdout.split('\n')
          .filter((line) => line.startsWith(`${CLIENT} POST /a${query} HTTP/1`));
      await server().waitFor(() => lines().length === 2, 'both lines of the access log');
      for (const line of lines()) {
        const [waited = '', id] = line.split(' ').slice(-2);
        if (COUNTING.includes(front)) expect(Number(waited)).toBeLessThan(600_000);
        else expect(waited).toBe('-');
        expect(id).not.toBe('evil-id');
      }
    },
  );
});
