// One process and nothing around the application but the compat layer of node:http2, and srvx for a fetch handler.
import { app } from './app.js';

const { createServer } = process.getBuiltinModule('node:http2');

async function fetchHandler() {
  const { toNodeHandler } = await import('srvx/node');
  const { app: served } = await import('./fetch-app.js');
  return toNodeHandler(served.fetch);
}

const server = createServer(process.argv[2] === 'fetch' ? await fetchHandler() : app);
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  console.log(`listening at http://127.0.0.1:${server.address().port}`);
});
