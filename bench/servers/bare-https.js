// One process and nothing around the application, over TLS.
import { readFileSync } from 'node:fs';
import { app } from './app.js';

const { createServer } = process.getBuiltinModule('node:https');
const [, , cert = '', key = ''] = process.argv;
const options = { cert: readFileSync(cert), key: readFileSync(key), keepAliveTimeout: 75_000, noDelay: true };
const server = createServer(options, app);
server.listen(0, '127.0.0.1', () => {
  console.log(`listening at https://127.0.0.1:${server.address().port}`);
});
