import type { Socket } from 'node:net';
import { refuseHttp2 } from '../../../src/app/http2/refuse.ts';
import { BodyCollector } from '../../../src/http/bodies/collector.ts';
import { BodyStore, fileBytesOf } from '../../../src/http/bodies/store.ts';
import { carrierOf } from '../../../src/http/carrier.ts';
import { Connections } from '../../../src/http/connections.ts';
import { forwardingOf } from '../../../src/http/edge/forwarded.ts';
import { edgeLimitsOf } from '../../../src/http/edge/limits.ts';
import { logRefused } from '../../../src/http/refusal-log.ts';
import { limitRequests } from '../../../src/http/request-limit.ts';
import { createHttpServer, type HttpServerOptions } from '../../../src/http/server.ts';
import { servedName } from '../../../src/settings/mounts.ts';
import { innerSocket } from '../../../src/support/inner-socket.ts';
import { isEncrypted } from '../../../src/support/is-encrypted.ts';
import { TrustedPeers } from '../../../src/support/trusted-peers.ts';
import { Capacity } from '../../accept/capacity.ts';
import { EarlyBytes } from '../../accept/early-bytes.ts';
import { createGate } from '../../accept/gate.ts';
import { makeRoom } from '../../accept/make-room.ts';
import { PendingConnections } from '../../accept/pending.ts';
import { preambles } from '../../accept/preambles.ts';
import type { Serve } from '../../serving.ts';
import { endsTls, entrance, refuseOwnTls } from '../entrance.ts';
import { open } from '../open.ts';
import { warnOf } from '../without-effect.ts';
import { limitTurns, oneAtATime } from './one-at-a-time.ts';
import { RequestQueue } from './request-queue.ts';

/** The pending connections are those that were accepted. */
function acceptedOf(socket: Socket): Socket {
  const carrier = carrierOf(socket);
  return isEncrypted(carrier) ? innerSocket(carrier) : carrier;
}

/** A connection whose request head takes longer than this is slow; it does not keep the worker from accepting others. */
const HEAD_MS = 20;
/** What of a body is kept in memory before its request gets its turn. */
const BODY_BYTES = 1024 * 1024;

/**
 * The `sync` class: one request at a time in the process, each answered with `Connection: close`. It accepts only while
 * idle. The gate pauses with each connection and resumes when its request has ended, the connection has closed, or it
 * turns out to be slow. If the request came with the connection, the gate pauses only if it is not answered in the same
 * turn of the event loop, since libuv accepts one connection of a listener in a turn.
 */
export const serveSync: Serve = async (options) => {
  const { settings, log, clock } = options;
  const application = await options.load();
  refuseHttp2(application, servedName(settings), 'sync');
  refuseOwnTls(application, options);
  await options.initialised();
  const { own } = application;
  warnOf(own?.withoutEffect('sync') ?? [], 'sync', log);
  const limit = settings.workerConnections;
  const pending = new PendingConnections(HEAD_MS, settle, clock);
  const share = settings.workersMax === null ? null : new (await import('../share-meter.ts')).ShareMeter();

  const queue = new RequestQueue(update, clock);
  const peers = new TrustedPeers(settings.forwardedAllowIps);
  const connections = new Connections((socket) => {
    capacity.freed();
    settle(socket);
  }, peers);
  const capacity = new Capacity({ limit, connections, log, clock, changed: update });
  const store = new BodyStore({ fileBytes: fileBytesOf(settings), log, clock });
  const bodies = new BodyCollector({ memoryBytes: BODY_BYTES, store });
  const oneByOne = oneAtATime(application.handler, { queue, bodies, waits: update });
  limitTurns(queue, { seconds: settings.timeout, fail: options.fail, clock });
  const limited = limitRequests(oneByOne, { seconds: settings.requestTimeout, connections, log, clock });
  const onRefused = logRefused(log, clock);
  const room = makeRoom({ connections, capacity, limit, onRefused, count: options.count, clock });
  const http: HttpServerOptions = {
    application: { ...application, handler: options.guard(limited) },
    connections,
    observers: [({ socket }) => pending.know(acceptedOf(socket)), ...options.observers],
    flights: options.flights,
    trace: options.trace,
    count: options.count,
    requestIdHeader: settings.requestIdHeader,
    hsts: settings.hsts,
    keepAliveMs: 0,
    requestMs: settings.requestTimeout * 1000,
    limits: edgeLimitsOf(settings),
    forwarding: forwardingOf(settings, peers),
    onError: options.onError,
    answerFailure: options.answerFailure,
    onRefused,
    accessLog: options.accessLog,
    clock,
  };
  // Its program reads no connection before it wants to.
  const isPaused = own?.socketOptions.pauseOnConnect === true;
  const early = options.listeners().length === 1 && !isPaused ? new EarlyBytes() : null;
  const { count, accessLog } = options;
  const admit = await preambles({ settings, onRefused, count, accessLog, application, connections, clock });
  let isFeeding = false;
  const enter = await entrance(options, http, createHttpServer(http));
  const gate = createGate(
    (socket, listener) => {
      if (own?.turnsAway(socket, connections.size)) return;
      connections.add(socket);
      // The header of a proxy may have to come before the handshake does.
      if (endsTls(application, options, listener)) connections.expectTls(socket);
      pending.add(socket);
      capacity.opened(socket);
      if (capacity.isFull) room.make();
      if (!isFeeding && early?.read(socket)) {
        isFeeding = true;
        setImmediate(fed);
      }
      update();
      admit(socket, () => enter(socket, listener));
    },
    clock,
    own?.socketOptions,
  );

  function fed(): void {
    isFeeding = false;
    update();
  }

  function settle(socket: Socket): void {
    pending.know(socket);
    update();
  }

  function update(): void {
    share?.set(queue.isFree ? 0 : 1);
    if (isFeeding) return;
    const idle = queue.isFree && pending.count === 0 && !capacity.isFull && !own?.isClosed;
    if (idle) gate.resume();
    else gate.pause();
  }

  const serving = await open(options, application, { gate, capacity, connections, update });
  return share ? { ...serving, utilisation: () => share.take() } : serving;
};
