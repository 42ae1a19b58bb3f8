import type { ServerResponse } from 'node:http';
import type { FlightTable } from '../flights/table.ts';

/** Where the bytes of one response's body are counted, and the methods that send them. */
export interface BodyCount {
  bytes: number;
  readonly write: ServerResponse['write'];
  readonly end: ServerResponse['end'];
  readonly flights: FlightTable;
  readonly slot: number;
}

const COUNT = Symbol('tsunicorn.bodyCount');
type Counted = ServerResponse & { [COUNT]: BodyCount };
type MayBeCounted = ServerResponse & { [COUNT]?: BodyCount };
type Send = (this: Counted, chunk?: unknown, encoding?: unknown, done?: unknown) => unknown;

/**
 * Counts the bytes of the body that are given to `response`, since Node has no public count of them, and records in the
 * table how far the answer is. The two methods become own properties, since frameworks replace the response's prototype.
 * All responses share them, so that a request costs no closures.
 */
export function countBody(response: ServerResponse, flights: FlightTable, slot: number): BodyCount {
  const count: BodyCount = { bytes: 0, write: response.write, end: response.end, flights, slot };
  (response as Counted)[COUNT] = count;
  response.write = countedWrite as ServerResponse['write'];
  response.end = countedEnd as ServerResponse['end'];
  return count;
}

/** The count of a response; undefined where none was asked for. */
export function bodyCountOf(response: ServerResponse): BodyCount | undefined {
  return (response as MayBeCounted)[COUNT];
}

const countedWrite: Send = function (chunk, encoding, done) {
  const count = this[COUNT];
  const result = (count.write as Send).call(this, chunk, encoding, done);
  count.bytes += sizeOf(chunk, encoding);
  count.flights.progress(count.slot, this.statusCode, false, count.bytes);
  return result;
};

const countedEnd: Send = function (chunk, encoding, done) {
  const count = this[COUNT];
  const before = count.bytes;
  const result = (count.end as Send).call(this, chunk, encoding, done);
  // Set, not added: in HTTP/2 `end` passes its chunk to `write`, which has counted it already.
  count.bytes = before + sizeOf(chunk, encoding);
  count.flights.progress(count.slot, this.statusCode, true, count.bytes);
  return result;
};

function sizeOf(chunk: unknown, encoding: unknown): number {
  if (typeof chunk === 'string') {
    return Buffer.byteLength(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
  }
  return chunk instanceof Uint8Array ? chunk.byteLength : 0;
}
