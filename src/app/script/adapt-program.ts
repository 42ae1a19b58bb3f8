import type { Server } from 'node:http';
import type { Application } from '../application.ts';
import { appError } from '../failure.ts';
import { isHttp2, isTls, OwnServer } from '../own-server.ts';
import type { FedServer } from './fed-server.ts';

/** A server of a program that was told that it listens. */
export function adaptProgram(fed: FedServer, spec: string): Application {
  const server = fed.server as Server;
  if (isHttp2(server))
    throw appError(
      `${spec}: the program serves HTTP/2, and tsunicorn speaks HTTP/1.1; let a server of node:http listen, and a proxy in front speak HTTP/2`,
    );
  // Nobody knows whether it was the program or its framework that set the options of the server.
  const own = new OwnServer({ server, by: 'framework', defaults: {}, fed });
  return {
    what: `program with an ${isTls(server) ? 'https' : 'http'}.Server`,
    own,
    handler: own.handle,
    upgrade: (req, socket, head) => void server.emit('upgrade', req, socket, head),
  };
}
