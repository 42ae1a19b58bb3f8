import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FlightTable } from '../flights/table.ts';

/** Handles a request that has come at `nowMs` of performance.now(). */
type Handle = (request: IncomingMessage, response: ServerResponse, nowMs: number) => void;

/** What has `handle` answer each request, which stands in the table meanwhile. */
export function noteFlights(table: FlightTable, handle: Handle): Handle {
  return (request, response, nowMs) => {
    const { method = '', url = '', httpVersion } = request;
    const slot = table.open(method, url, '', httpVersion, nowMs);
    handle(request, response, nowMs);
    // Many are answered at once, and to listen to each response costs as much as to note the request.
    if (isSent(response)) table.close(slot);
    else response.on('close', () => table.close(slot));
  };
}

/** Whether the whole answer has been given to the system. */
function isSent({ writableEnded, socket }: ServerResponse): boolean {
  return writableEnded && socket?.writableLength === 0;
}
