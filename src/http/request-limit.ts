import type { ServerResponse } from 'node:http';
import type { Handler } from '../app/application.ts';
import type { WorkerLog } from '../log/records.ts';
import type { Clock } from '../support/clock.ts';
import { isThenable } from '../support/thenable.ts';
import { answerError } from './answer-error.ts';
import type { Connections } from './connections.ts';
import { limitFlights } from './deadlines.ts';
import { nameRequest, requestField } from './request-name.ts';

/** The reason of the AbortSignal of a request that took too long. */
export class RequestTimeout extends Error {
  override readonly name = 'TimeoutError';
}

/** A handler that still runs this long after the abort of its request ignores the signal. */
const IGNORED_MS = 1000;

/** The property of a response that holds the promise of its handler. */
const RETURNED = Symbol('returned');

interface Limited extends ServerResponse {
  [RETURNED]?: PromiseLike<unknown>;
}

export interface RequestLimitOptions {
  /** How long a request may take from its head on (--request-timeout); 0 is no limit. */
  readonly seconds: number;
  /** They must know every request that the handler gets. */
  readonly connections: Pick<Connections, 'requests'>;
  readonly log: WorkerLog;
  readonly clock: Clock;
}

/**
 * Limits the requests of a handler. A request that takes longer gets a 504, or a cut connection if its answer has begun,
 * and its AbortSignal aborts. A handler that ignores the abort is logged.
 */
export function limitRequests(handler: Handler, options: RequestLimitOptions): Handler {
  const { seconds, connections, clock } = options;
  if (seconds === 0) return handler;
  limitFlights({
    limitMs: seconds * 1000,
    inFlight: () => connections.requests(),
    overdue: (response) => end(response, options),
    clock,
  });
  return (request, response: Limited) => {
    const returned = handler(request, response);
    if (isThenable(returned)) response[RETURNED] = returned;
    return returned;
  };
}

function end(response: Limited, { seconds, log, clock }: RequestLimitOptions): void {
  if (response.closed) return;
  const { req: request } = response;
  const what = nameRequest(request);
  const field = requestField(request);
  log.warning(`${what} took longer than ${seconds} s (--request-timeout): ${cutShort(response, seconds)}`, {
    event: 'request-timeout',
    request: field,
    setting: '--request-timeout',
    durationMs: Math.round(seconds * 1000),
  });
  const returned = response[RETURNED];
  if (returned === undefined) return;
  let isAtWork = true;
  const rest = () => {
    isAtWork = false;
  };
  returned.then(rest, rest);
  clock.after(IGNORED_MS, () => {
    if (!isAtWork) return;
    log.warning(`${what}: its handler is still running although the request was aborted`, {
      event: 'timeout-ignored',
      request: field,
    });
  });
}

/** Answers and then destroys the request, which closes the connection. Returns what was done, for the log. */
function cutShort(response: ServerResponse, seconds: number): string {
  const { req: request } = response;
  const abort = () => void request.destroy(new RequestTimeout(`the request took longer than ${seconds} s`));
  if (response.headersSent) {
    abort();
    // If the request was read to its end, destroying it leaves the connection open.
    response.destroy();
    const what = request.httpVersionMajor === 2 ? 'stream was reset' : 'connection was cut';
    return `its ${what}, because its answer had begun`;
  }
  response.once('finish', abort);
  answerError(response, 504);
  return 'its client got 504';
}
