// An application that is operated on: it answers, takes uploads, streams, echoes WebSockets, and fails when it is told to.
import { WebSocketServer } from 'ws';

const { createServer } = process.getBuiltinModule('node:http');
const kept = [];

function spin(ms) {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** Ten events in a third of a second; the last one says that the stream is whole. */
function stream(res) {
  res.setHeader('content-type', 'text/event-stream');
  let sent = 0;
  const timer = setInterval(() => {
    sent += 1;
    res.write(`data: ${sent}\n\n`);
    if (sent < 10) return;
    clearInterval(timer);
    res.end('data: whole\n\n');
  }, 30);
  res.once('close', () => clearInterval(timer));
}

function exhaust() {
  for (;;) kept.push(new Array(100_000).fill(kept.length).map((at) => ({ at })));
}

function leak(res) {
  kept.push(Buffer.alloc(20_000_000, kept.length));
  res.end('kept\n');
}

function upload(req, res) {
  let bytes = 0;
  req.on('data', (chunk) => {
    bytes += chunk.length;
  });
  req.on('end', () => res.end(`${bytes}\n`));
}

const ROUTES = {
  '/sse': (_req, res) => stream(res),
  '/hang': () => spin(Number.POSITIVE_INFINITY),
  '/oom': exhaust,
  '/leak': (_req, res) => leak(res),
  '/block': (_req, res) => {
    spin(200);
    res.end('blocked\n');
  },
};

export function app(req, res) {
  if (req.method === 'POST') return upload(req, res);
  const route = ROUTES[req.url];
  if (route !== undefined) return route(req, res);
  res.setHeader('content-type', 'text/plain; charset=utf-8');
  res.end('Hello, world\n');
}

export const server = createServer({ keepAliveTimeout: 75_000 }, app);
new WebSocketServer({ server }).on('connection', (socket) => {
  socket.on('message', (data) => socket.send(data));
});
