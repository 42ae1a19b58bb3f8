import { percentile } from '../../bench/statistics.ts';

export type Method = 'GET' | 'POST';

/** A request of the load. */
export interface Sent {
  readonly method: Method;
  /** When it was due, in Unix time. */
  readonly dueMs: number;
  /** From when it was due until its answer had come; null where that was none, or another status than 200. */
  readonly ms: number | null;
  /** The status, or the code of the error. */
  readonly outcome: string;
}

/** When failed requests may have been due, in Unix time. */
export interface Allowed {
  readonly fromMs: number;
  readonly toMs: number;
}

/** How the requests of one method came out. */
export interface Summary {
  readonly sent: number;
  readonly failed: number;
  /** How many of the failed were due when none may fail. */
  readonly unexcused: number;
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
  /** How many failed by which outcome: `502 ×3, ECONNRESET ×1`. */
  readonly outcomes: string;
}

/** Sums them up; where nothing is allowed, no request may fail. */
export function summaryOf(all: readonly Sent[], method: Method, allowed: Allowed | null): Summary {
  const own = all.filter((one) => one.method === method);
  const failed = own.filter(({ ms }) => ms === null);
  const times = own.flatMap(({ ms }) => (ms === null ? [] : [ms]));
  const of = (share: number) => (times.length === 0 ? Number.NaN : percentile(times, share));
  return {
    sent: own.length,
    failed: failed.length,
    unexcused: failed.filter(({ dueMs }) => !isWithin(dueMs, allowed)).length,
    ...{ p50: of(0.5), p99: of(0.99), most: of(1) },
    outcomes: countedOutcomes(failed),
  };
}

function isWithin(atMs: number, allowed: Allowed | null): boolean {
  return allowed !== null && atMs >= allowed.fromMs && atMs <= allowed.toMs;
}

function countedOutcomes(failed: readonly Sent[]): string {
  const counts = new Map<string, number>();
  for (const { outcome } of failed) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return [...counts].map(([outcome, count]) => `${outcome} ×${count}`).join(', ');
}
