import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Application } from '../../src/app/application.ts';
import { appError } from '../../src/app/failure.ts';
import type { HttpServerOptions } from '../../src/http/server.ts';
import type { Settings } from '../../src/settings/catalogue/catalogue.ts';
import { servedName } from '../../src/settings/mounts.ts';
import type { Feed } from '../accept/gate.ts';
import type { ServeOptions } from '../serving.ts';

type Take = (socket: Socket) => void;

/**
 * Returns what takes accepted connections that are counted: those of TLS first make their handshake. `server` is the
 * engine of HTTP/1, for an application that has no server of its own.
 */
export async function entrance(
  { tls, count, settings }: Pick<ServeOptions, 'tls' | 'count' | 'settings'>,
  http: HttpServerOptions,
  server: Server,
): Promise<Feed> {
  const { application, connections, onRefused = () => {} } = http;
  const { own } = application;
  const http1: Take = (socket) => void (own?.server ?? server).emit('connection', socket);
  const offersHttp2 = tls !== null && settings.httpProtocols.includes('h2');
  const isOther = own?.isHttp2 === true || own?.isRaw === true;
  const http2 = isOther || !(offersHttp2 || settings.http2Cleartext) ? null : await http2For(http);
  const isPeeked = settings.http2Cleartext && !own?.isTls && !own?.socketOptions.pauseOnConnect;
  const plain = http2 === null || !isPeeked ? http1 : await byPrefaceFor(http, http1, http2);
  if (tls === null) return plain;
  const secure = tls.open({
    ...{ connections, onRefused, count },
    protocols: offerOf(application, settings),
    deliver: (socket, protocol) => (protocol === 'h2' && http2 !== null ? http2(socket) : http1(socket)),
  });
  return (socket, listener) => {
    // A program that connects to itself speaks as its clients do.
    if (endsTls(application, { tls }, listener)) secure(socket);
    else plain(socket);
  };
}

/** What is offered by ALPN; null for what the settings say. */
function offerOf({ own }: Application, { httpProtocols }: Settings): readonly string[] | null {
  if (own?.isHttp2) return ['h2'];
  // Whoever agreed on h2 would speak it to a program that does not speak HTTP.
  return own?.isRaw ? httpProtocols.filter((name) => name !== 'h2') : null;
}

/** Nothing of HTTP/2 is loaded where it is off. */
async function http2For(http: HttpServerOptions): Promise<Take> {
  const { createHttp2Engine } = await import('../../src/http/http2/engine.ts');
  const engine = createHttp2Engine(http);
  return (socket) => engine.serve(socket);
}

async function byPrefaceFor(http: HttpServerOptions, http1: Take, http2: Take): Promise<Take> {
  const { byPreface } = await import('../../src/http/http2/prior-knowledge.ts');
  return byPreface({ http1, http2, headMs: http.limits?.headMs ?? 0, clock: http.clock });
}

/** Whether the connections of a listener begin with TLS. */
export function endsTls(
  { own }: Pick<Application, 'own'>,
  { tls }: Pick<ServeOptions, 'tls'>,
  listener: Parameters<Feed>[1],
): boolean {
  return own?.isTls === true || (tls !== null && (tls.isEverywhere || listener?.isTls === true));
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
