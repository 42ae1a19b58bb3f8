import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

/** Answers with the memory that is in use after a collection, in bytes. */
export function app(request, response) {
  if (request.url !== '/memory') return response.end('hello');
  collect();
  collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  response.end(JSON.stringify({ used: heapUsed + external, rss }));
}
