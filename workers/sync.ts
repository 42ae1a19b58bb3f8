import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { Handler } from '../src/app/application.ts';
import { Connections } from '../src/http/connections.ts';
import { drain } from '../src/http/drain.ts';
import { limitRequests } from '../src/http/request-limit.ts';
import { answerError, createHttpServer } from '../src/http/server.ts';
import { createGate } from './gate.ts';
import { Newcomers } from './newcomers.ts';
import type { Serve, ServeOrder } from './serving.ts';
import { Turnstile } from './turnstile.ts';

/** A connection whose request head takes longer than this is slow, and does not keep the worker from accepting. */
const HEAD_MS = 5;
/** A body up to this is taken in before the request gets its turn. */
const BODY_BYTES = 1024 * 1024;

/**
 * The `sync` class: one request at a time in the process, each answered with `Connection: close`. It accepts only while
 * idle: the gate closes with each connection and opens again when its request has ended, the connection has gone, or it
 * turns out to be slow.
 */
export const serveSync: Serve = async (order) => {
  const { settings } = order;
  const application = await order.load();
  await order.initialised();
  const newcomers = new Newcomers(HEAD_MS, settle);
  const share = settings.workersMax === null ? null : new (await import('./share-meter.ts')).ShareMeter();

  const turnstile = new Turnstile(update);
  const connections = new Connections(settle);
  const oneByOne = oneAtATime(application.handler, turnstile, order, update);
  const handler = order.guard(limitRequests(oneByOne, settings.requestTimeout, order.log));
  const server = createHttpServer({
    application: { ...application, handler },
    connections,
    observers: [({ socket }) => newcomers.know(socket), ...order.observers],
    keepAliveMs: 0,
    requestMs: settings.requestTimeout * 1000,
    onError: order.onError,
    answerFailure: order.answerFailure,
  });
  const gate = createGate((socket) => {
    connections.add(socket);
    newcomers.add(socket);
    update();
    server.emit('connection', socket);
  }, BODY_BYTES);

  function settle(socket: Socket): void {
    newcomers.know(socket);
    update();
  }

  function update(): void {
    share?.set(turnstile.isFree ? 0 : 1);
    const idle = turnstile.isFree && newcomers.count === 0 && connections.size < settings.workerConnections;
    if (idle) gate.resume();
    else gate.pause();
  }

  const { close } = application;
  await order.prove(application, close);
  return {
    urls: await gate.open(order.listeners, settings.backlog),
    connections,
    ...(close ? { close } : {}),
    ...(share ? { utilisation: () => share.take() } : {}),
    drain: (how) => drain({ ...how, gate, connections, server, isHasty: settings.reload }),
  };
};

function oneAtATime(handler: Handler, turnstile: Turnstile, order: ServeOrder, waits: () => void): Handler {
  const restartLimit = limitTurns(turnstile, order);
  return (request, response) =>
    new Promise((resolve, reject) => {
      const run = () => {
        restartLimit();
        try {
          resolve(handler(request, response));
        } catch (error) {
          reject(error);
        }
      };
      if (hasBody(request)) {
        onceBodyArrived(request, () => turnstile.enter(response, run));
        waits();
      } else turnstile.enter(response, run);
    });
}

/**
 * A request has the process to itself, so one that runs too long must end with it: its client gets 504, those that wait
 * behind it 503, and the worker is replaced. To be called at the beginning of each turn.
 */
function limitTurns(turnstile: Turnstile, order: ServeOrder): () => void {
  const seconds = order.settings.timeout;
  if (seconds === 0) return () => {};
  // One for all: a timer that is made and cleared costs more than one that is put back.
  const timer = setTimeout(() => {
    const { current } = turnstile;
    if (current === null) return;
    const waiting = turnstile.empty();
    order.fail(`${current.req.method} ${current.req.url} has run for ${seconds} s (--timeout)`);
    answerError(current, 504);
    for (const other of waiting) answerError(other, 503, { 'retry-after': '1' });
  }, seconds * 1000).unref();
  return () => void timer.refresh();
}

function hasBody({ headers }: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': coding } = headers;
  return coding !== undefined || (length !== undefined && length !== '0');
}

/** Calls `act` when the body is in memory, or as much of it as may be; not where its client goes before. */
function onceBodyArrived(request: IncomingMessage, act: () => void): void {
  // Not by its events: whoever listens to `readable` has read an empty body to its end.
  const push = (chunk: unknown, encoding?: BufferEncoding) => {
    const hasRoom = Readable.prototype.push.call(request, chunk, encoding);
    if (request.complete || !hasRoom) {
      Reflect.deleteProperty(request, 'push');
      // Behind the parser, which has not returned.
      process.nextTick(act);
    }
    return hasRoom;
  };
  // By a name, for the reason that the turnstile gives.
  request.push = push;
}
