import type { FlightTable } from '../flights/table.ts';
import type { Observer } from './server.ts';

/** What notes each request in the table, and its end, where no access log does. */
export function noteFlights(table: FlightTable): Observer {
  return ({ method = '', url = '', httpVersion }, response, nowMs) => {
    const slot = table.open(method, url, '', httpVersion, nowMs);
    // A closure costs less than a property of the response.
    response.on('close', () => table.close(slot));
  };
}
