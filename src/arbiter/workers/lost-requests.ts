import type { StalledRequest } from '../../process/ipc/blocks.ts';
import type { ReportedFlight } from '../../process/ipc/flights.ts';
import { requestLines } from '../../process/stall.ts';
import { withoutQuery } from '../../support/text.ts';
import type { Generation } from '../change/generation.ts';
import type { ProcessEnd } from '../events.ts';
import type { WorkerState } from '../policy/worker-state.ts';
import { isBooting } from '../policy/worker-state.ts';
import type { KnownRequests } from './known-requests.ts';

/** The worker whose lines are written, to the access log that its own settings name. */
export interface LostFrom {
  readonly pid: number;
  readonly slot: number | null;
  readonly age: number;
  readonly generation: number;
  readonly origin: Generation;
}

/** Writes the access log for workers that have died. No call throws. */
export interface LostLines {
  /** Writes a line for each request, which has ended for this reason. */
  write(from: LostFrom, requests: readonly ReportedFlight[], reason: string): void;
  /** Sends lines to syslog that a worker has written to its other access logs. */
  forward(from: LostFrom, lines: readonly string[]): void;
}

/** What the record of a worker's end says of its requests. */
export interface RequestAccount {
  /** Whether each has its line; absent where there is no access log. */
  readonly accessComplete?: boolean;
  readonly requests?: readonly StalledRequest[];
  readonly lines?: readonly string[];
}

const MOST_NAMED = 20;

/**
 * Writes the missing access lines of a worker that has ended; returns the fields of the record of its end. A worker that
 * exited with a status has run its exit handlers, which have written every line.
 */
export function accountFor(
  worker: LostFrom & { readonly requests: KnownRequests },
  end: ProcessEnd,
  state: WorkerState,
  lost: LostLines,
): RequestAccount {
  if (end.how === 'unstarted' || isBooting(state) || state.name === 'failed' || state.name === 'cancelled')
    return {};
  const { account, left } = worker.requests;
  const fromOutside = end.how === 'signal' && account !== 'complete' && account !== 'incomplete';
  const logged = isAccessLogged(worker.origin);
  const complete = logged ? { accessComplete: account === 'complete' || end.how === 'status' } : {};
  if (!fromOutside || left.length === 0) return complete;
  if (logged) lost.write(worker, left, state.name === 'killed' ? 'killed' : end.signal);
  const now = Date.now();
  const requests = left
    .filter(({ ended, status }) => !ended && status !== 101)
    .map(
      ({ method, url, startedMs, status, requestId, traceId }): StalledRequest => ({
        ...(requestId === '' ? {} : { requestId }),
        ...(traceId === '' ? {} : { traceId }),
        ...{ method, path: withoutQuery(url), ageMs: now - startedMs, got: status === 0 ? 'cut' : 'part' },
      }),
    );
  if (requests.length === 0) return complete;
  const omitted = Math.max(0, requests.length - MOST_NAMED);
  const named = requests.slice(0, MOST_NAMED);
  return { ...complete, requests: named, lines: requestLines(named, omitted) };
}

/** Whether its workers write an access log. */
export function isAccessLogged({ loaded: { settings } }: Generation): boolean {
  return settings.accessLogfile !== null || settings.syslog;
}
