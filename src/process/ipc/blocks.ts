import type { WaitingRequest } from '../../flights/table.ts';
import type { RequestTags } from '../../support/request-id.ts';

/** The watchdog's: the event loop is blocked and stays so; the arbiter is to kill the worker. */
export interface Stalled {
  readonly tsunicorn: 'stalled';
  readonly blockedMs: number;
  /** The setting whose time was over. */
  readonly limit: 'timeout' | 'gracefulTimeout';
  readonly seen: StallSeen;
  /** Whether the lines of all requests are in the access log. */
  readonly accessComplete: boolean;
}

/** What a blocked event loop was doing. */
export interface StallSeen {
  /** `at name (file:line:column)`, the innermost first; null where it is blocked in native code. */
  readonly stack: readonly string[] | null;
  /** It could not be looked at, as our own files are gone: whether it is in native code is not known. */
  readonly unseen?: true;
  readonly requests: readonly StalledRequest[];
  /** How many more requests there were. */
  readonly omitted: number;
  /** Connections from which nothing had been read yet; they were answered like the waiting requests. */
  readonly unread: number;
}

/** A request that was not answered in full, as plain data. */
export interface StalledRequest extends RequestTags {
  readonly method: string;
  readonly path: string;
  readonly ageMs: number;
  /**
   * What its client got: a 503 just now, a part of its answer earlier, nothing as another answer is before it, or nothing
   * as the loop is blocked in native code, or the request is of HTTP/2.
   */
  readonly got: '503' | 'part' | 'nothing' | 'cut';
}

/**
 * Sent by the watchdog while it lasts: the event loop is blocked, and nothing is done about it. `seen` is set in the first
 * report.
 */
export interface Blocked {
  readonly tsunicorn: 'blocked';
  readonly blockedMs: number;
  readonly seen: BlockSeen | null;
}

/** The watchdog's: an event loop that was said to be blocked runs again. */
export interface Unblocked {
  readonly tsunicorn: 'unblocked';
  readonly blockedMs: number;
}

/** What a blocked event loop is doing. */
export interface BlockSeen {
  /** As in StallSeen; null where it is blocked in native code, or did not stop to be looked at. */
  readonly stack: readonly string[] | null;
  /** Those that came last, which the loop may be busy with, are the first. */
  readonly requests: readonly WaitingRequest[];
  /** How many requests wait, those in `requests` included. */
  readonly waiting: number;
}
