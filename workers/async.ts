import { Connections } from '../src/http/connections.ts';
import { drain } from '../src/http/drain.ts';
import { limitRequests } from '../src/http/request-limit.ts';
import { createHttpServer } from '../src/http/server.ts';
import { createGate } from './gate.ts';
import type { Serve } from './serving.ts';

/** The `async` class: one event loop, many requests; accepts while it has fewer than workerConnections. */
export const serveAsync: Serve = async (order) => {
  const { settings } = order;
  const application = await order.load();
  await order.initialised();
  const limit = settings.workerConnections;
  let emptied: (() => void) | null = null;
  const connections = new Connections(() => {
    if (connections.size < limit) gate.resume();
    if (connections.size === 0) emptied?.();
  });
  const server = createHttpServer({
    application: {
      ...application,
      handler: limitRequests(application.handler, settings.requestTimeout, order.log),
    },
    connections,
    observers: order.observers,
    keepAliveMs: settings.keepAlive * 1000,
    onError: order.onError,
  });
  const gate = createGate((socket) => {
    connections.add(socket);
    server.emit('connection', socket);
    if (connections.size >= limit) gate.pause();
  });

  const { close } = application;
  return {
    urls: await gate.open(order.listeners, settings.backlog),
    connections,
    ...(close ? { close } : {}),
    drain: ({ emptyQueue, graceMs }) =>
      drain({
        gate,
        connections,
        server,
        emptyQueue,
        graceMs,
        emptied: () =>
          new Promise((resolve) => {
            emptied = resolve;
            if (connections.size === 0) resolve();
          }),
      }),
  };
};
