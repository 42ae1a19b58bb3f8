import { createRequire } from 'node:module';

const express = createRequire(import.meta.url).resolve('express');
const ws = createRequire(import.meta.url).resolve('ws');

/** A small service: Express, a slow dependency, computing, WebSockets. */
export const APPLICATION = `import { createServer } from 'node:http';
import { readFileSync, openSync } from 'node:fs';
import { Resolver } from 'node:dns/promises';
import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
const express = require(${JSON.stringify(express)});
const { WebSocketServer } = require(${JSON.stringify(ws)});
const app = express();
const kept = [];
const spin = (ms) => { for (const end = Date.now() + ms; Date.now() < end; ); };
app.get('/', (_request, response) => response.send('hello'));
app.get('/report', (request, response) => { spin(Number(request.query.ms ?? 20_000)); response.send('done'); });
app.get('/search', (request, response) => response.send(String(/^(\\w+\\s?)+$/.test('a'.repeat(60) + '!'))));
app.get('/export', () => { for (;;) kept.push(new Array(1000).fill(Math.random())); });
app.get('/orders', async (_request, response) => { await new Promise((done) => setTimeout(done, 60_000)); response.send('late'); });
app.get('/lost', () => new Promise(() => {}));
app.get('/lookup', async () => { const dns = new Resolver({ timeout: 60_000 }); dns.setServers(['192.0.2.1']); await dns.resolve4('api.example.com'); });
app.get('/crash', () => { process.kill(process.pid, 'SIGSEGV'); });
app.get('/quit', () => { process.exit(1); });
app.get('/forgotten', (_request, response) => { Promise.reject(new Error('nobody awaits this')); response.send('sent'); });
app.get('/open', (_request, response) => { try { for (;;) kept.push(openSync('/dev/null')); } catch (error) { response.status(500).send(error.code); } });
const server = createServer(app);
new WebSocketServer({ server });
export { server as app };
`;
