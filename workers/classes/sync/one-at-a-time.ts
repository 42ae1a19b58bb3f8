import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Handler } from '../../../src/app/application.ts';
import { eventOf } from '../../../src/app/request-event.ts';
import { answerError } from '../../../src/http/answer-error.ts';
import { limitFlights } from '../../../src/http/deadlines.ts';
import { isRefused } from '../../../src/http/edge/refused.ts';
import { RequestTimeout } from '../../../src/http/request-limit.ts';
import { nameRequest } from '../../../src/http/request-name.ts';
import type { ServeOptions } from '../../serving.ts';
import type { RequestQueue } from './request-queue.ts';

/**
 * Runs the handler for one request at a time, when its body has arrived; `waits` is called for a request whose body has
 * not. The promise that it returns settles also if the client goes, or gets another answer, before the handler runs.
 */
export function oneAtATime(handler: Handler, queue: RequestQueue, waits: () => void): Handler {
  const enter = (request: IncomingMessage, response: ServerResponse): unknown => {
    let returned: unknown;
    queue.enter(response, () => {
      returned = handler(request, response);
    });
    return returned;
  };
  return (request, response) => {
    // A program that listens to `checkContinue` decides itself whether its client may send the body.
    const comesWhole = !hasBody(request) || eventOf(request) === 'checkContinue';
    // The usual case needs no promise of ours.
    if (comesWhole && queue.runsAtOnce) return enter(request, response);
    return new Promise((resolve, reject) => {
      const run = () => {
        try {
          resolve(handler(request, response));
        } catch (error) {
          reject(error);
        }
      };
      response.once('close', resolve);
      if (comesWhole) return queue.enter(response, run);
      onceBodyArrived(request, () => queue.enter(response, run));
      waits();
    });
  };
}

export interface TurnLimit extends Pick<ServeOptions, 'fail' | 'clock'> {
  /** How long a turn may last (--timeout); 0 is no limit. */
  readonly seconds: number;
}

/**
 * Limits how long a turn may last. A request that runs too long cannot be ended without its process: its client gets 504,
 * those that wait behind it 503, and the worker is replaced.
 */
export function limitTurns(queue: RequestQueue, { seconds, fail, clock }: TurnLimit): void {
  if (seconds === 0) return;
  limitFlights({
    limitMs: seconds * 1000,
    inFlight: () => (queue.current ? [queue.current] : []),
    overdue: (response) => {
      const waiting = queue.empty();
      const { req: request } = response;
      const timeout = new RequestTimeout(`the request took longer than ${seconds} s`);
      response.once('finish', () => void request.destroy(timeout));
      fail(`${nameRequest(request)} has run for ${seconds} s (--timeout)`);
      answerError(response, 504);
      for (const other of waiting) answerError(other, 503, { 'retry-after': '1' });
    },
    clock,
  });
}

function hasBody({ headers }: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': coding } = headers;
  return coding !== undefined || (length !== undefined && length !== '0');
}

/** Calls `act` when the body, or as much of it as is buffered, is in memory; not if the client goes before that. */
function onceBodyArrived(request: IncomingMessage, act: () => void): void {
  // Not by events: a listener for `readable` would read an empty body to its end.
  const { push: pass } = request;
  const push = (chunk: unknown, encoding?: BufferEncoding) => {
    const hasRoom = Reflect.apply(pass, request, [chunk, encoding]);
    if (request.complete || !hasRoom) {
      request.push = pass;
      // After the parser, which has not returned yet.
      if (!isRefused(request.socket)) process.nextTick(act);
    }
    return hasRoom;
  };
  // By a name, for the reason given in request-queue.ts.
  request.push = push;
}
