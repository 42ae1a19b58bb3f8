import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Handler } from '../app/application.ts';
import type { WorkerLog } from '../log/records.ts';
import { isThenable } from '../support/thenable.ts';
import { afterLook } from './look.ts';
import { nameRequest, requestField } from './request-name.ts';
import { answerError } from './server.ts';

/** Why a request was aborted: the reason of its AbortSignal. */
export class RequestTimeout extends Error {
  override readonly name = 'TimeoutError';
}

/** A handler still at work this long after its request was aborted ignores the signal. */
const IGNORED_MS = 1000;

/**
 * A handler whose requests may take `seconds` (--request-timeout; 0 is no limit) from their head on. One that takes
 * longer gets a 504, or a cut connection if its answer has begun, and its AbortSignal aborts; a handler that goes on all
 * the same is logged.
 */
export function limitRequests(handler: Handler, seconds: number, log: WorkerLog): Handler {
  if (seconds === 0) return handler;
  return (request, response) => {
    let atWork = false;
    const end = () => {
      // What came while the event loop was blocked may have been all that the answer waited for.
      if (response.writableFinished || response.closed) return;
      const what = nameRequest(request);
      const field = requestField(request);
      log.warning(
        `${what} took longer than ${seconds} s (--request-timeout): ${cutShort(request, response, seconds)}`,
        {
          event: 'request-timeout',
          request: field,
          setting: '--request-timeout',
          durationMs: Math.round(seconds * 1000),
        },
      );
      setTimeout(() => {
        if (!atWork) return;
        log.warning(`${what}: its handler ignores the abort of its request and goes on`, {
          event: 'timeout-ignored',
          request: field,
        });
      }, IGNORED_MS).unref();
    };
    const timer = setTimeout(() => afterLook(end), seconds * 1000);
    response.once('close', () => clearTimeout(timer));
    const returned = handler(request, response);
    if (!isThenable(returned)) return returned;
    atWork = true;
    const rest = () => {
      atWork = false;
    };
    returned.then(rest, rest);
    return returned;
  };
}

/** Answers, then destroys the request, in that order, as destroying it closes the connection. Says what was done. */
function cutShort(request: IncomingMessage, response: ServerResponse, seconds: number): string {
  const abort = () => void request.destroy(new RequestTimeout(`the request took longer than ${seconds} s`));
  if (response.headersSent) {
    abort();
    // Destroying a request that was read to its end leaves the connection as it is.
    response.destroy();
    return 'its connection was cut, as its answer had begun';
  }
  response.once('finish', abort);
  answerError(response, 504);
  return 'its client got 504';
}
