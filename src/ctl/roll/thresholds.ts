import type { Duration, Outcomes } from '../../metrics/outcomes.ts';
import { Failure, STATUS } from '../failure.ts';
import { delayText } from '../output.ts';
import type { Flag } from '../verb.ts';

/** How a host may do in the window after its change; null where it does not matter. */
export interface Thresholds {
  /** A share: 0.01 is one request in a hundred. */
  readonly errorRate: number | null;
  readonly p99Ms: number | null;
}

/** How the requests came out that ended in a window. */
export interface Measured {
  readonly requests: number;
  /** A share; null where there was no request. */
  readonly errorRate: number | null;
  /** Infinity beyond the last bound of the histogram; null where there was no request. */
  readonly p99Ms: number | null;
}

const DEFAULTS = { percent: '1', p99Ms: '1000' } as const;
/** The last bound of the histogram. */
export const MOST_MS = 10_000;

export const MAX_ERRORS: Flag = {
  name: '--max-error-rate',
  value: 'percent',
  doc: `how many requests of the window may be answered with 5xx or lose their worker, in percent; \`none\`: any number; ${DEFAULTS.percent} by default`,
};
export const MAX_P99: Flag = {
  name: '--max-p99',
  value: 'ms',
  doc: `how long 99 of 100 requests of the window may take at most, in milliseconds; \`none\`: any time; ${DEFAULTS.p99Ms} by default`,
};

/** Reads the flags. Throws a Failure. */
export function thresholdsOf(flags: ReadonlyMap<string, string | true>): Thresholds {
  const percent = limitOf(MAX_ERRORS, flags.get(MAX_ERRORS.name) ?? DEFAULTS.percent, 0, 100);
  const p99Ms = limitOf(MAX_P99, flags.get(MAX_P99.name) ?? DEFAULTS.p99Ms, 1, MOST_MS);
  return { errorRate: percent === null ? null : percent / 100, p99Ms };
}

function limitOf({ name, value }: Flag, given: string | true, least: number, most: number): number | null {
  if (given === 'none') return null;
  const number = Number(given === true || given.trim() === '' ? Number.NaN : given);
  if (number >= least && number <= most) return number;
  throw new Failure(
    STATUS.refused,
    `${name}: expected <${value}>, a number from ${least} to ${most}, or none; got "${given}"`,
  );
}

/** What came between two looks at the same service. Counters that fell are those of a service that was started anew. */
export function between(before: Outcomes, after: Outcomes): Measured {
  const rise = (one: number, other: number) => Math.max(0, after.ended < before.ended ? other : other - one);
  const died = rise(before.died, after.died);
  const requests = rise(before.ended, after.ended) + died;
  if (requests === 0) return { requests, errorRate: null, p99Ms: null };
  const errors = rise(before.serverErrors, after.serverErrors) + died;
  const earlier = new Map(before.durations.map(({ withinSeconds, count }) => [withinSeconds, count]));
  const rises = after.durations.map(({ withinSeconds, count }) => ({
    withinSeconds,
    count: rise(earlier.get(withinSeconds) ?? 0, count),
  }));
  return { requests, errorRate: errors / requests, p99Ms: quantileMs(rises, 0.99) };
}

/** The time within which that share of the requests ended, interpolated within its bucket. */
function quantileMs(durations: readonly Duration[], share: number): number | null {
  const all = durations.at(-1)?.count ?? 0;
  if (all === 0) return null;
  const rank = share * all;
  const index = durations.findIndex(({ count }) => count >= rank);
  const [bucket, under] = [durations[index], durations[index - 1]];
  if (bucket === undefined || bucket.withinSeconds === null) return Infinity;
  const [from, counted] = [under?.withinSeconds ?? 0, under?.count ?? 0];
  return (from + ((bucket.withinSeconds - from) * (rank - counted)) / (bucket.count - counted)) * 1000;
}

/** What of it is beyond a threshold, in words; null where nothing is. */
export function excessOf({ errorRate, p99Ms }: Measured, allowed: Thresholds): string | null {
  if (errorRate !== null && allowed.errorRate !== null && errorRate > allowed.errorRate)
    return `${percentText(errorRate)} of its requests failed, more than ${percentText(allowed.errorRate)} (${MAX_ERRORS.name})`;
  if (p99Ms !== null && allowed.p99Ms !== null && p99Ms > allowed.p99Ms)
    return `its p99 was ${p99Text(p99Ms)}, more than ${delayText(allowed.p99Ms)} (${MAX_P99.name})`;
  return null;
}

/** `0.5%`; `-` where it is not known. */
export function percentText(share: number | null): string {
  return share === null ? '-' : `${Number((share * 100).toFixed(2))}%`;
}

export function p99Text(ms: number | null): string {
  return ms === Infinity ? `over ${delayText(MOST_MS)}` : delayText(ms);
}
