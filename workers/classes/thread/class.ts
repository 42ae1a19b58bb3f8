import type { IncomingMessage, ServerResponse } from 'node:http';
import { availableParallelism } from 'node:os';
import type { Application } from '../../../src/app/application.ts';
import { gatewayContext } from '../../../src/gateway/context.ts';
import { answerError } from '../../../src/http/answer-error.ts';
import { BodyCollector } from '../../../src/http/bodies/collector.ts';
import { BodyStore, fileBytesOf, Share } from '../../../src/http/bodies/store.ts';
import type { Settings } from '../../../src/settings/catalogue/catalogue.ts';
import type { Serve, ServeOptions } from '../../serving.ts';
import { serveMany } from '../async.ts';
import { warnOf } from '../without-effect.ts';
import { ALL_BYTES } from './backlog.ts';
import { Exchange, readSmallBody, type SmallBody } from './exchange.ts';
import { WINDOW } from './messages.ts';
import { Pool } from './pool.ts';
import { limitsOf } from './time-limits.ts';

/**
 * The `thread` class: this thread speaks HTTP and holds what has to wait, threads of a pool run the application, one
 * request at a time in each.
 */
export const serveThread: Serve = async (options) => {
  const { settings } = options;
  const { log: _, ...gateway } = gatewayContext(settings, options.log);
  const pool = new Pool({
    served: { app: settings.app, mount: settings.mount },
    gateway,
    threads: settings.threads ?? availableParallelism(),
    measures: measuresOf(settings),
    maxMemory: settings.threadMaxMemory,
    queueLimit: settings.threadQueue,
    isTooLate: ({ request, response, cameMs }) =>
      options.queueLimit?.refuses(request, response, cameMs) ?? false,
    limits: limitsOf(settings),
    log: options.log,
    applicationLog: options.applicationLog,
    report: options.report,
    answerFailure: options.answerFailure,
    onError: (error, request) => options.onError(error, request ?? undefined),
  });
  const loaded = await pool.start();
  warnOf(loaded?.withoutEffect ?? [], 'thread', options.log);
  await options.initialised();
  const many = await serveMany(options, applicationOver(pool, options));
  const serving = {
    ...many,
    queued: () => pool.dispatcher.queue.length,
    measured: () => pool.measuredByAll(),
  };
  return settings.workersMax === null ? serving : { ...serving, utilisation: await measure(pool) };
};

/** Whether somebody asks for what the application measures. */
function measuresOf({ adminBind, otlpEndpoint, collectPromClient }: Settings) {
  if (adminBind === null && otlpEndpoint === null) return 'no';
  return collectPromClient ? 'promClientToo' : 'ours';
}

/** How often, in milliseconds, it is looked how many threads are at work; nothing else is asked of this thread. */
const LOOK_MS = 20;

async function measure({ dispatcher }: Pool): Promise<() => number> {
  const { ShareMeter } = await import('../share-meter.ts');
  const share = new ShareMeter();
  const look = () => {
    const lanes = [...dispatcher.lanes];
    share.set(lanes.filter(({ isFree }) => !isFree).length / Math.max(1, lanes.length));
  };
  setInterval(look, LOOK_MS).unref();
  return () => share.take();
}

/** What the HTTP engine serves: every request becomes an exchange with a thread. */
function applicationOver(
  pool: Pool,
  { count, settings, log, clock }: Pick<ServeOptions, 'count' | 'settings' | 'log' | 'clock'>,
): Application {
  const { dispatcher } = pool;
  const store = new BodyStore({ fileBytes: fileBytesOf(settings), log, clock });
  const bodies = new BodyCollector({ memoryBytes: WINDOW, store });
  const refuse = (response: ServerResponse) => {
    count?.refused('QUEUE_FULL');
    answerError(response, 503, { 'Retry-After': '1' });
  };
  const ahead = new Share(ALL_BYTES);
  let lastId = 0;
  // A number that fits the slot, and never its 0.
  const nextId = () => {
    lastId = lastId >= 0x7fff_ffff ? 1 : lastId + 1;
    return lastId;
  };
  const submit = (request: IncomingMessage, response: ServerResponse, body: SmallBody) => {
    if (dispatcher.isFull) return refuse(response);
    const exchange = new Exchange(nextId(), request, response, body, ahead);
    response.once('close', () => {
      // It may be that the server itself has ended an answer without an end.
      if (!response.writableFinished || !exchange.isAnswered) dispatcher.withdraw(exchange);
    });
    dispatcher.submit(exchange);
  };
  const handler = (request: IncomingMessage, response: ServerResponse) => {
    if (isWebSocket(request))
      return answerError(response, 501, {}, 'Not Implemented: this server has no WebSockets');
    if (dispatcher.isFull) return refuse(response);
    readSmallBody(request, (body) => {
      if (body !== 'streams') return submit(request, response, body);
      // No thread waits for a client.
      bodies.collect(request, response, () => submit(request, response, body));
    });
  };
  return { what: 'threads', handler, close: () => pool.close() };
}

// A connection cannot be moved into a thread and back. Other upgrades (h2c) may be ignored, as RFC 9110, 7.8 allows.
function isWebSocket({ headers: { upgrade, connection = '' } }: IncomingMessage): boolean {
  // RFC 9110, 7.8: without `Connection: upgrade` it was not meant for this server.
  return upgrade !== undefined && /^websocket$/i.test(upgrade) && /\bupgrade\b/i.test(connection);
}
