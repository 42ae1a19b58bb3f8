import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FlightTable } from '../flights/table.ts';

/** On a response: its place in the table. */
const SLOT = Symbol('slot');

type Noted = ServerResponse & { [SLOT]?: number };

/** What notes each request in the table, and its end, where no access log does. */
export function noteFlights(
  table: FlightTable,
): (request: IncomingMessage, response: ServerResponse) => void {
  // One listener for all of them.
  const closed = function (this: Noted) {
    table.close(this[SLOT] ?? -1);
  };
  return (request, response: Noted) => {
    const { method = '', url = '', httpVersion } = request;
    response[SLOT] = table.open({ method, url, remote: '', httpVersion, startMs: performance.now() });
    response.on('close', closed);
  };
}
