import { detect } from '../../../src/app/detect.ts';
import { type Served, serve } from './serve.ts';

type Fetch = (request: Request) => unknown;

/** Serves a fetch handler, or an object with one, on a port of its own until the test ends. */
export async function serveFetch(app: Fetch | { readonly fetch: unknown }): Promise<Served> {
  return serve(await detect(app, { spec: 'web.ts:app', onError: () => {} }));
}

/** Waits until a count stays the same for a number of turns in which it could rise. */
export async function settled(count: () => number): Promise<void> {
  let last = -1;
  let calm = 0;
  while (calm < 20) {
    await new Promise((turn) => setTimeout(turn, 5));
    calm = count() === last && last > 0 ? calm + 1 : 0;
    last = count();
  }
}
