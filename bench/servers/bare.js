// One process and nothing around the application: the base of every comparison.
import { app } from './app.js';

// An ESM import of node:http also loads undici; the base is the leanest server that Node can be.
const { createServer } = process.getBuiltinModule('node:http');
const server = createServer({ keepAliveTimeout: 75_000 }, app);
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  console.log(`listening at http://127.0.0.1:${server.address().port}`);
});
