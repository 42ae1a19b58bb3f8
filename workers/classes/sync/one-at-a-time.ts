import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Handler } from '../../../src/app/application.ts';
import { eventOf } from '../../../src/app/request-event.ts';
import { answerError } from '../../../src/http/answer-error.ts';
import type { BodyCollector } from '../../../src/http/bodies/collector.ts';
import { limitFlights } from '../../../src/http/deadlines.ts';
import { RequestTimeout } from '../../../src/http/request-limit.ts';
import { nameRequest } from '../../../src/http/request-name.ts';
import type { ServeOptions } from '../../serving.ts';
import type { RequestQueue } from './request-queue.ts';

export interface TurnOptions {
  readonly queue: RequestQueue;
  readonly bodies: BodyCollector;
  /** Called for a request whose body has not arrived. */
  readonly waits: () => void;
}

/**
 * Runs the handler for one request at a time, when its body has arrived. The promise that it returns settles also if the client goes, or gets another answer, before the handler runs.
 */
export function oneAtATime(handler: Handler, { queue, bodies, waits }: TurnOptions): Handler {
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
      bodies.collect(request, response, () => queue.enter(response, run));
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
