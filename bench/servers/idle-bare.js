// node:http with nothing around the application.
import { createServer } from 'node:http';
import { app } from './idle-app.js';

const server = createServer({ keepAliveTimeout: 75_000 }, app).listen(0, '127.0.0.1', 2048, () =>
  console.log(`http://127.0.0.1:${server.address().port}`),
);
