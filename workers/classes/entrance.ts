import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Application } from '../../src/app/application.ts';
import { appError } from '../../src/app/failure.ts';
import type { Connections } from '../../src/http/connections.ts';
import type { SayRefused } from '../../src/http/refusals.ts';
import { servedName } from '../../src/settings/mounts.ts';
import type { Feed } from '../accept/gate.ts';
import type { ServeOptions } from '../serving.ts';

/** Where connections lead to that were accepted and counted. */
export interface Inside {
  /** The engine, for an application that has no server of its own. */
  readonly server: Server;
  readonly connections: Connections;
  readonly onRefused: SayRefused;
}

/** Returns what takes accepted connections that are counted: those of TLS first make their handshake. */
export function entrance(
  { tls, count }: Pick<ServeOptions, 'tls' | 'count'>,
  { own }: Pick<Application, 'own'>,
  { server, connections, onRefused }: Inside,
): Feed {
  const serve = (socket: Socket) => void (own?.server ?? server).emit('connection', socket);
  if (tls === null) return serve;
  const secure = tls.open({
    ...{ connections, onRefused, count },
    protocols: own?.isHttp2 ? ['h2'] : null,
    deliver: serve,
  });
  return (socket, listener) => {
    // A program that connects to itself speaks as its clients do.
    if (tls.isEverywhere || listener?.isTls) secure(socket);
    else serve(socket);
  };
}

/** Throws a BootError for a server that would end TLS a second time. */
export function refuseOwnTls(
  { own, what }: Application,
  { tls, settings }: Pick<ServeOptions, 'tls' | 'settings'>,
): void {
  if (tls === null || !own?.isTls) return;
  throw appError(
    `${servedName(settings)}: it ends TLS itself (${what}), and so would --certfile; leave that away, or serve an http.Server`,
  );
}
