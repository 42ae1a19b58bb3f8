import type { ServerResponse } from 'node:http';

/** A request whose answer is not sent in full. `sinceMs` is when its head came, by the worker's clock. */
export interface Flight {
  readonly response: ServerResponse;
  readonly sinceMs: number;
}
