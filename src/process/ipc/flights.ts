import type { LostRequest } from '../../log/access-lost.ts';

/**
 * Sent by the watchdog: what has changed in the requests in flight since its last report. If the worker is killed from
 * outside, this is all that is known of them.
 */
export interface FlightsChanged {
  readonly tsunicorn: 'flights';
  readonly began: readonly ReportedFlight[];
  readonly changed: readonly Pick<ReportedFlight, 'id' | 'status' | 'ended' | 'bytes'>[];
  /** The ids of those of which the worker has written the line, or is about to. */
  readonly over: readonly number[];
}

/** A request in flight; `startedMs` is of Date.now(). */
export interface ReportedFlight extends LostRequest {
  readonly id: number;
  readonly startedMs: number;
}

/** What the arbiter tells a watchdog through its pipe: write the lines of the requests in flight, which end for this reason. */
export interface AccountCommand {
  readonly tsunicorn: 'account';
  readonly reason: string;
}

/** The watchdog's: the worker may be killed, as the lines of its requests are written; `complete` is whether of all. */
export interface Accounted {
  readonly tsunicorn: 'accounted';
  readonly complete: boolean;
}
