// What a file of bench/static.ts has, from memory: index.html of the directory in STATIC.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const body = readFileSync(join(process.env.STATIC, 'index.html'));

export const app = (_request, response) => {
  response.setHeader('content-type', 'text/html');
  response.end(body);
};
