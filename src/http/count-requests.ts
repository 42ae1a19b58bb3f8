import type { ServerResponse } from 'node:http';
import { isBodiless } from '../log/access-entry.ts';
import { bodyCountOf, countBody } from '../log/count-body.ts';
import type { RequestCounter } from '../metrics/request-counter.ts';
import { NO_ANSWER } from '../metrics/series.ts';
import { isEncrypted } from '../support/is-encrypted.ts';
import type { Observer, RequestCount } from './observer.ts';

/** Counts by `counter` all requests but those to `uncountedPath`, which may be null. */
export function countBy(counter: RequestCounter, uncountedPath: string | null): RequestCount {
  return {
    around: (handle) => except(uncountedPath, handle, countRequests(counter, handle)),
    refused: (code) => counter.refused(code),
  };
}

function countRequests(counter: RequestCounter, handle: Observer): Observer {
  return (request, response, nowMs) => {
    const { method = '', socket, headers } = request;
    const active = counter.began(method, isEncrypted(socket), headers['content-length']);
    countBody(response);
    handle(request, response, nowMs);
    // As in noteFlights(): a listener on each response costs more than the rest.
    if (isSent(response)) end();
    else response.on('close', end);

    function end(): void {
      const { statusCode, headersSent } = response;
      counter.ended({
        active,
        httpVersion: request.httpVersion,
        status: headersSent ? statusCode : NO_ANSWER,
        isWhole: response.writableFinished || isSent(response),
        durationMs: performance.now() - nowMs,
        bytes: isBodiless(method, statusCode) ? 0 : (bodyCountOf(response)?.bytes ?? 0),
      });
    }
  };
}

/** `handle` for requests to the path, `others` for others. */
function except(path: string | null, handle: Observer, others: Observer): Observer {
  if (path === null) return others;
  const prefix = `${path}?`;
  return (request, response, nowMs) => {
    const { url = '' } = request;
    const chosen = url === path || url.startsWith(prefix) ? handle : others;
    chosen(request, response, nowMs);
  };
}

/** Whether the whole answer has been given to the system. */
function isSent({ writableEnded, socket }: ServerResponse): boolean {
  return writableEnded && socket?.writableLength === 0;
}
