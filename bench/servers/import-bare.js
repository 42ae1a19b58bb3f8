// bare.js as most people write it: the ESM import of node:http evaluates every export, undici among them.
import { createServer } from 'node:http';
import { app } from './app.js';

const server = createServer({ keepAliveTimeout: 75_000 }, app);
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  console.log(`listening at http://127.0.0.1:${server.address().port}`);
});
