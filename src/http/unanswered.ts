import type { RequestTags } from '../support/request-id.ts';
import type { Flight } from './flight.ts';
import { requestField } from './request-name.ts';

/** A request that was not answered in full, for a record. */
export interface UnansweredRequest extends RequestTags {
  readonly method: string;
  readonly path: string;
  readonly ageMs: number;
  /** The status of an answer that has begun; 0 where none has. */
  readonly status: number;
}

/** Describes the oldest of them, at most `most`, the oldest first. */
export function namesOf(
  flights: readonly Flight[],
  nowMs: number,
  most: number,
): readonly UnansweredRequest[] {
  const oldest = flights.toSorted((a, b) => a.sinceMs - b.sinceMs).slice(0, most);
  return oldest.map(({ response, sinceMs }) => {
    const status = response.headersSent ? response.statusCode : 0;
    return { ...requestField(response.req), ageMs: Math.round(nowMs - sinceMs), status };
  });
}
