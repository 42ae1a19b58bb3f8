import type { Server } from 'node:http';
import type { Application } from '../application.ts';
import { appError } from '../failure.ts';
import { kindOf, OwnServer, type OwnServerOptions } from '../own-server.ts';

/** A server that does not listen, with who made it and which limits that maker sets by default. */
export function adaptServer(
  server: Server,
  spec: string,
  by: OwnServerOptions['by'] = 'program',
  defaults: OwnServerOptions['defaults'] = {},
): Application {
  const what = kindOf(server);
  if (server.listening)
    throw appError(`${spec}: the ${what} already listens; export it without calling listen()`);
  if (['request', 'stream'].every((event) => server.listenerCount(event) === 0))
    throw appError(`${spec}: the ${what} has no request listener; give one to createServer()`);
  const own = new OwnServer({ server, by, defaults });
  return {
    what,
    own,
    handler: own.handle,
    upgrade: (req, socket, head) => void server.emit('upgrade', req, socket, head),
    takesUpgrade: () => server.listenerCount('upgrade') > 0,
    close: async () => own.end(),
  };
}
