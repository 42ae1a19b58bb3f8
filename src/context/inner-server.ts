import type { IncomingMessage, Server } from 'node:http';
import type { Application } from '../app/application.ts';
import { report } from './end.ts';
import { host } from './host.ts';
import type { Context } from './store.ts';

const servers = new WeakMap<object, Promise<Server>>();

/** The server that forwarded requests go to: over all that is served, or over the application of withApp(). */
export function serverOf(context: Context): Promise<Server> {
  const { whole } = host;
  if (context.incoming !== null && whole !== null) return once(whole, () => engineOver(whole));
  const { value } = context.app;
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function')
    throw new TypeError('forward() within withApp() needs an application, the first argument of withApp()');
  return once(value, async () => engineOver(await applicationOf(value)));
}

function once(key: object, make: () => Promise<Server>): Promise<Server> {
  const known = servers.get(key);
  if (known !== undefined) return known;
  const made = make();
  servers.set(key, made);
  return made;
}

async function applicationOf(value: unknown): Promise<Application> {
  const { detect } = await import('../app/detect.ts');
  return detect(value, { spec: 'withApp()', onError: () => {} });
}

/** An engine of its own, which no log, limit or hook observes. */
async function engineOver(whole: Application): Promise<Server> {
  const { createHttpServer } = await import('../http/server.ts');
  const { Connections } = await import('../http/connections.ts');
  const { systemClock } = await import('../support/clock.ts');
  if (whole.own?.isHttp2)
    throw new Error(`forward() speaks HTTP/1.1, and this is a server of HTTP/2 (${whole.what})`);
  const connections = new Connections(() => {});
  // Without the application's own server, which can be adopted only once.
  const { own: _, ...application } = whole;
  const onError = (error: unknown, request: IncomingMessage) => report(error, request);
  return createHttpServer({
    application,
    connections,
    observers: [],
    keepAliveMs: 0,
    onError,
    clock: systemClock,
  });
}
