import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Handler } from '../../../src/app/application.ts';
import { eventOf } from '../../../src/app/request-event.ts';
import { nameRequest } from '../../../src/http/request-name.ts';
import { answerError } from '../../../src/http/server.ts';
import type { ServeOrder } from '../../serving.ts';
import type { Turnstile } from './turnstile.ts';

const { Readable } = process.getBuiltinModule('node:stream');

/** What of its order the `sync` class needs to limit its requests. */
export type TurnOrder = Pick<ServeOrder, 'fail'> & {
  readonly settings: Pick<ServeOrder['settings'], 'timeout'>;
};

/**
 * The handler, run for one request at a time, when its body has arrived; `waits` is called where that has yet to come.
 * What it returns settles too where the client goes, or gets another answer, before it is run.
 */
export function oneAtATime(
  handler: Handler,
  turnstile: Turnstile,
  order: TurnOrder,
  waits: () => void,
): Handler {
  const restartLimit = limitTurns(turnstile, order);
  const enter = (request: IncomingMessage, response: ServerResponse): unknown => {
    let returned: unknown;
    turnstile.enter(response, () => {
      restartLimit();
      returned = handler(request, response);
    });
    return returned;
  };
  return (request, response) => {
    // A program that listens to `checkContinue` says itself whether its client may send the body.
    const comesWhole = !hasBody(request) || eventOf(request) === 'checkContinue';
    // The usual case, without a promise of ours.
    if (comesWhole && turnstile.runsAtOnce) return enter(request, response);
    return new Promise((resolve, reject) => {
      const run = () => {
        restartLimit();
        try {
          resolve(handler(request, response));
        } catch (error) {
          reject(error);
        }
      };
      response.once('close', resolve);
      if (comesWhole) return turnstile.enter(response, run);
      onceBodyArrived(request, () => turnstile.enter(response, run));
      waits();
    });
  };
}

/**
 * The request has the process to itself, so one that runs too long must end with it: its client gets 504, those that
 * wait behind it 503, and the worker is replaced. Returns what is to be called when a turn begins.
 */
function limitTurns(turnstile: Turnstile, order: TurnOrder): () => void {
  const seconds = order.settings.timeout;
  if (seconds === 0) return () => {};
  // One for all, as each turn begins after the one before: timers that lived as long as requests would grow old.
  const timer = setTimeout(() => {
    const { current } = turnstile;
    if (current === null) return;
    const waiting = turnstile.empty();
    order.fail(`${nameRequest(current.req)} has run for ${seconds} s (--timeout)`);
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
