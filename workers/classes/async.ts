import type { Application } from '../../src/app/application.ts';
import { Connections } from '../../src/http/connections.ts';
import { drain } from '../../src/http/drain/drain.ts';
import { logRefused } from '../../src/http/refusal-log.ts';
import { limitRequests } from '../../src/http/request-limit.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { createGate } from '../accept/gate.ts';
import { Room } from '../accept/room.ts';
import type { Serve, ServeOrder, Serving } from '../serving.ts';

/** The `async` class: one event loop, many requests; accepts while it has fewer than workerConnections. */
export const serveAsync: Serve = async (order) => {
  const application = await order.load();
  await order.initialised();
  return serveMany(order, application, order.settings.requestTimeout);
};

/**
 * Opens the sockets and serves many connections at a time, at most workerConnections. A request may take `limitSeconds`;
 * 0 is no limit of this process.
 */
export async function serveMany(
  order: ServeOrder,
  application: Application,
  limitSeconds = 0,
): Promise<Serving> {
  const { settings, log, clock } = order;
  const { own } = application;
  const limit = own?.connectionLimit(settings.workerConnections) ?? settings.workerConnections;
  const connections = new Connections(() => {
    room.gave();
    update();
  });
  const room = new Room({ limit, connections, log, clock, changed: update });
  const limited = limitRequests(application.handler, { seconds: limitSeconds, connections, log, clock });
  const server = createHttpServer({
    application: { ...application, handler: order.guard(limited) },
    connections,
    observers: order.observers,
    keepAliveMs: settings.keepAlive * 1000,
    requestMs: settings.requestTimeout * 1000,
    onError: order.onError,
    answerFailure: order.answerFailure,
    onRefused: logRefused(log, clock),
    accessLog: order.accessLog,
    clock,
  });
  const gate = createGate(
    (socket) => {
      connections.add(socket);
      server.emit('connection', socket);
      room.took(socket);
      if (room.isFull) gate.pause();
    },
    clock,
    own?.bufferBytes,
  );

  function update(): void {
    if (room.isFull) gate.pause();
    else gate.resume();
  }

  const { close } = application;
  await order.prove(application, close);
  const urls = await gate.open(order.listeners, settings.backlog);
  return {
    urls: own?.opened(urls) ?? urls,
    connections,
    ...(close ? { close } : {}),
    drain(how) {
      room.close();
      return drain({ ...how, gate, connections, clock, isHasty: settings.reload });
    },
  };
}
