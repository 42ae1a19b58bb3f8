import type { Application } from '../../src/app/application.ts';
import { Connections } from '../../src/http/connections.ts';
import { forwardingOf } from '../../src/http/edge/forwarded.ts';
import { edgeLimitsOf } from '../../src/http/edge/limits.ts';
import { logRefused } from '../../src/http/refusal-log.ts';
import { limitRequests } from '../../src/http/request-limit.ts';
import { createHttpServer, type HttpServerOptions } from '../../src/http/server.ts';
import { TrustedPeers } from '../../src/support/trusted-peers.ts';
import { Capacity } from '../accept/capacity.ts';
import { createGate } from '../accept/gate.ts';
import { makeRoom } from '../accept/make-room.ts';
import { preambles } from '../accept/preambles.ts';
import type { Serve, ServeOptions, Serving } from '../serving.ts';
import { endsTls, entrance, refuseOwnTls } from './entrance.ts';
import { open } from './open.ts';

/** The `async` class: one event loop, many requests; accepts while it has fewer than workerConnections. */
export const serveAsync: Serve = async (options) => {
  const application = await options.load();
  await options.initialised();
  return serveMany(options, application, options.settings.requestTimeout);
};

/**
 * Opens the sockets and serves many connections at a time, at most workerConnections. A request may take `limitSeconds`;
 * 0 is no limit of this process.
 */
export async function serveMany(
  options: ServeOptions,
  application: Application,
  limitSeconds = 0,
): Promise<Serving> {
  const { settings, log, clock } = options;
  const { own } = application;
  refuseOwnTls(application, options);
  const limit = settings.workerConnections;
  const peers = new TrustedPeers(settings.forwardedAllowIps);
  const connections = new Connections(() => {
    capacity.freed();
    update();
  }, peers);
  const capacity = new Capacity({ limit, connections, log, clock, changed: update });
  const limited = limitRequests(application.handler, { seconds: limitSeconds, connections, log, clock });
  const onRefused = logRefused(log, clock);
  const room = makeRoom({ connections, capacity, limit, onRefused, count: options.count, clock });
  const http: HttpServerOptions = {
    application: { ...application, handler: options.guard(limited) },
    connections,
    observers: options.observers,
    flights: options.flights,
    trace: options.trace,
    count: options.count,
    requestIdHeader: settings.requestIdHeader,
    hsts: settings.hsts,
    keepAliveMs: settings.keepAlive * 1000,
    requestMs: settings.requestTimeout * 1000,
    limits: edgeLimitsOf(settings),
    forwarding: forwardingOf(settings, peers),
    onError: options.onError,
    answerFailure: options.answerFailure,
    onRefused,
    accessLog: options.accessLog,
    clock,
  };
  const enter = await entrance(options, http, createHttpServer(http));
  const { count, accessLog } = options;
  const admit = await preambles({ settings, onRefused, count, accessLog, application, connections, clock });
  const gate = createGate(
    (socket, listener) => {
      if (own?.turnsAway(socket, connections.size)) return;
      connections.add(socket);
      // The header of a proxy may have to come before the handshake does.
      if (endsTls(application, options, listener)) connections.expectTls(socket);
      admit(socket, () => enter(socket, listener));
      capacity.opened(socket);
      if (!capacity.isFull) return;
      gate.pause();
      room.make();
    },
    clock,
    own?.socketOptions,
  );

  function update(): void {
    if (capacity.isFull || own?.isClosed) gate.pause();
    else gate.resume();
  }

  return open(options, application, { gate, capacity, connections, update });
}
