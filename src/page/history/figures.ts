/** What is kept of the service each second, in this order; NaN is what is not known or did not happen. */
export const SERVICE_FIGURES = [
  /** Requests that ended, and of them those that failed (5xx, or no answer), a second. */
  ...['requestRate', 'errorRate'],
  /** Of the durations of the requests that ended in that second, in seconds. */
  ...['p50', 'p95', 'p99'],
  /** How long 95 % of them had waited by X-Request-Start, in seconds; and the connections in the kernel's queues. */
  ...['queueP95', 'queued'],
  /** How late timers fired at most, of 99 %, or for how long a loop is blocked, in seconds. */
  'loopDelay',
  /** Of all workers: processors in use, bytes. */
  ...['cpu', 'rss'],
  ...['inFlight', 'connections', 'ready', 'wanted'],
] as const;

/** The same of the worker in each slot. */
export const SLOT_FIGURES = ['requestRate', 'inFlight', 'cpu', 'rss', 'heap', 'loopDelay'] as const;

/** How many seconds are kept. */
export const SECONDS = 900;

/** Slots from the last of these on share its row, which then has the largest of their figures. */
export const MOST_SLOTS = 32;

/** How many marks are kept. */
export const MOST_MARKS = 200;

/** Something on the time axis. */
export interface Mark {
  /** In seconds, as Unix time. */
  readonly at: number;
  readonly kind: 'death' | 'reload' | 'trouble' | 'upgrade' | 'scaling';
  /** In words, of one line. */
  readonly text: string;
}

/** The figures of one second: `bySlot` in the order of SLOT_FIGURES. */
export interface Sample {
  /** In seconds, as Unix time. */
  readonly at: number;
  readonly service: readonly number[];
  readonly bySlot: ReadonlyMap<number, readonly number[]>;
}
