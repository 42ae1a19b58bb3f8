import type { Server } from 'node:http';
import type { Application } from '../application.ts';
import { kindOf, OwnServer } from '../own-server.ts';
import type { FedServer } from './fed-server.ts';

/** A server of a program that was told that it listens. */
export function adaptProgram(fed: FedServer): Application {
  const server = fed.server as Server;
  // Nobody knows whether it was the program or its framework that set the options of the server.
  const own = new OwnServer({ server, by: 'framework', defaults: {}, fed });
  if (own.isRaw) return { what: `program with a ${kindOf(server)}`, own, handler: noHttp };
  return {
    what: `program with an ${kindOf(server)}`,
    own,
    handler: own.handle,
    upgrade: (req, socket, head) => void server.emit('upgrade', req, socket, head),
  };
}

/** Such as for --ready-path. */
function noHttp(): never {
  throw new Error('the program serves a server that does not speak HTTP');
}
