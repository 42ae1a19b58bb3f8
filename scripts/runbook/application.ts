import { createRequire } from 'node:module';
import type { Draw, Paths, Program } from './draw.ts';

const find = createRequire(import.meta.url).resolve;

/** A small service: a slow dependency, computing, WebSockets. What it does is the same in each framework; `before` can change it. */
export function applicationOf(
  { program, paths }: Pick<Draw, 'program' | 'paths'>,
  after = '',
  before = '',
): string {
  return `${ACTS(paths)}${before}${GLUE[program]}${after}`;
}

/** What --app is. A program that listens itself has no export. */
export function entryOf({ program }: Pick<Draw, 'program'>): string {
  return program === 'script' ? 'app.mjs' : 'app.mjs:app';
}

const ACTS = (paths: Paths) => `import { createServer } from 'node:http';
import { openSync } from 'node:fs';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { Resolver } from 'node:dns/promises';
import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
const kept = [];
const spin = (ms) => { for (const end = Date.now() + ms; Date.now() < end; ); };
const later = (ms) => new Promise((done) => setTimeout(done, ms));
const acts = {
  '/': () => 'hello',
  '${paths.compute}': ({ ms = 20_000 }) => { spin(Number(ms)); return 'done'; },
  '${paths.search}': ({ n = 60 }) => String(/^(\\w+\\s?)+$/.test('a'.repeat(Number(n)) + '!')),
  '${paths.collect}': () => { for (;;) kept.push(new Array(100_000).fill(Math.random())); },
  '${paths.wait}': async ({ ms = 60_000 }) => { await later(Number(ms)); return 'late'; },
  '${paths.lose}': () => new Promise(() => {}),
  '${paths.lookup}': async () => { const silent = createSocket('udp4').bind(0, '127.0.0.1'); await once(silent, 'listening'); const dns = new Resolver({ timeout: 60_000 }); dns.setServers(['127.0.0.1:' + silent.address().port]); await dns.resolve4('api.example.com'); return 'found'; },
  '${paths.crash}': ({ signal = 'SIGSEGV' }) => { process.kill(process.pid, signal); return 'gone'; },
  '${paths.quit}': ({ status = 1 }) => { process.exit(Number(status)); },
  '${paths.reject}': () => { Promise.reject(new Error('nobody awaits this')); return 'sent'; },
  '${paths.open}': () => { try { for (;;) kept.push(openSync('/dev/null')); } catch (error) { return error.code; } },
  '${paths.fail}': () => { throw new Error('the database says no'); },
};
const askedOf = (url) => { const { pathname, searchParams } = new URL(url, 'http://shop'); return [acts[pathname], Object.fromEntries(searchParams)]; };
`;

const LISTENER = `const listener = async (request, response) => {
  const [act, query] = askedOf(request.url);
  request.resume();
  try { response.end(act === undefined ? 'what?' : await act(query)); } catch (error) { response.statusCode = 500; response.end(String(error)); }
};
`;
const SOCKETS = `const { WebSocketServer } = require(${JSON.stringify(find('ws'))});
new WebSocketServer({ server });
`;

const GLUE: Readonly<Record<Program, string>> = {
  express: `const express = require(${JSON.stringify(find('express'))});
const web = express();
for (const [path, act] of Object.entries(acts)) web.all(path, async (request, response) => response.send(await act(request.query)));
export const app = web;
`,
  koa: `const Koa = require(${JSON.stringify(find('koa'))});
export const app = new Koa();
app.use(async (context) => { const [act, query] = askedOf(context.url); context.body = act === undefined ? 'what?' : await act(query); });
`,
  fastify: `const fastify = require(${JSON.stringify(find('fastify'))});
export const app = fastify();
for (const [path, act] of Object.entries(acts)) app.all(path, async (request) => act(request.query));
`,
  fetch: `export const app = { fetch: async (request) => { const [act, query] = askedOf(request.url); return new Response(act === undefined ? 'what?' : await act(query)); } };
`,
  listener: `${LISTENER}export const app = listener;
`,
  script: `${LISTENER}const server = createServer(listener);
${SOCKETS}server.listen(process.env.PORT ?? 3000);
`,
};

/** As `applicationOf`, for a service that also speaks WebSocket: an export of a server, or a program. */
export function withSockets({ program, paths }: Pick<Draw, 'program' | 'paths'>): string {
  if (program === 'script') return applicationOf({ program, paths });
  return `${ACTS(paths)}${LISTENER}const server = createServer(listener);\n${SOCKETS}export { server as app };\n`;
}
