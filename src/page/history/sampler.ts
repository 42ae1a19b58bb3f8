import type { statusPage, WorkerRow } from '../../admin/status-page.ts';
import { DURATION_BOUNDS, families } from '../../metrics/catalogue.ts';
import { HEADER, placeOf } from '../../metrics/layout.ts';
import { labelsOf, NO_ANSWER } from '../../metrics/series.ts';
import type { Totals } from '../../metrics/store.ts';
import type { Sample } from './figures.ts';

type StatusPage = ReturnType<typeof statusPage>;

/** What is known at one moment. */
export interface Seen {
  /** In seconds, as Unix time. */
  readonly at: number;
  readonly totals: Totals;
  readonly page: StatusPage;
  /** For how many seconds the event loop of the worker of that age is blocked now. */
  readonly blockedSeconds: (age: number) => number;
}

/** What a worker did in the last second; NaN is what is not known. */
export interface WorkerRate {
  readonly requestRate: number;
  /** Processors in use. */
  readonly cpu: number;
  /** In seconds. */
  readonly loopDelay: number;
}

interface Before {
  readonly at: number;
  readonly rows: ReadonlyMap<number, WorkerRow>;
  readonly durations: Durations;
  readonly figures: Float64Array;
  readonly delays: ReadonlyMap<number, Float64Array>;
}

/** The requests that have ended so far. */
interface Durations {
  readonly ended: number;
  readonly failed: number;
  readonly buckets: Float64Array;
}

const DELAY = histogramOf('tsunicorn_eventloop_delay_seconds');
const QUEUE = histogramOf('tsunicorn_request_queue_seconds');

/** Makes the figures of a second from what is counted at its begin and its end. */
export class Sampler {
  #before: Before | null = null;

  take(seen: Seen): { readonly sample: Sample; readonly rates: ReadonlyMap<number, WorkerRate> } {
    const before = this.#before;
    const now = momentOf(seen);
    this.#before = now;
    const { processes } = seen.page;
    const rates = new Map(processes.map((row) => [row.age, rateOf(row, seen, now, before)]));
    const bySlot = new Map<number, readonly number[]>();
    // A worker that serves is shown before the one that it replaces.
    for (const row of processes.toSorted(
      (one, other) => Number(one.state === 'ready') - Number(other.state === 'ready'),
    ))
      if (row.slot !== null) bySlot.set(row.slot, slotFigures(row, rates.get(row.age)));
    return {
      sample: { at: seen.at, service: serviceFigures(seen, now, before, [...rates.values()]), bySlot },
      rates,
    };
  }
}

function momentOf({ at, totals, page }: Seen): Before {
  return {
    at,
    rows: new Map(page.processes.map((row) => [row.age, row])),
    durations: durationsOf(totals),
    figures: totals.figures,
    delays: new Map(totals.workers.map((figures) => [figures[HEADER.pid] ?? 0, DELAY.of(figures)])),
  };
}

function durationsOf({ series }: Totals): Durations {
  const buckets = new Float64Array(DURATION_BOUNDS.length + 1);
  let failed = 0;
  let ended = 0;
  for (const [key, sums] of series) {
    const { status } = labelsOf(key);
    const isFailed = status === NO_ANSWER || status >= 500;
    for (let at = 0; at < buckets.length; at++) {
      const count = sums[at + 1] ?? 0;
      buckets[at] = (buckets[at] ?? 0) + count;
      ended += count;
      if (isFailed) failed += count;
    }
  }
  return { ended, failed, buckets };
}

function rateOf(row: WorkerRow, { blockedSeconds }: Seen, now: Before, before: Before | null): WorkerRate {
  const old = before?.rows.get(row.age);
  const seconds = now.at - (before?.at ?? now.at);
  const rate = (value: number | null, earlier: number | null | undefined) =>
    value === null || earlier === null || earlier === undefined || seconds <= 0
      ? Number.NaN
      : Math.max(0, value - earlier) / seconds;
  const delays = now.delays.get(row.pid);
  const earlier = before?.delays.get(row.pid);
  const measured =
    delays && earlier ? percentile(difference(delays, earlier), DELAY.bounds, 0.99) : Number.NaN;
  return {
    requestRate: rate(row.requests, old?.requests),
    cpu: rate(row.cpuSeconds, old?.cpuSeconds),
    loopDelay: largest([measured, blockedSeconds(row.age) || Number.NaN]),
  };
}

function slotFigures(row: WorkerRow, rate: WorkerRate | undefined): readonly number[] {
  const known = (value: number | null | undefined) => value ?? Number.NaN;
  return [
    ...[known(rate?.requestRate), known(row.inFlight), known(rate?.cpu)],
    ...[known(row.rssBytes), known(row.heapBytes), known(rate?.loopDelay)],
  ];
}

function serviceFigures(
  { totals, page }: Seen,
  now: Before,
  before: Before | null,
  rates: readonly WorkerRate[],
): readonly number[] {
  const seconds = now.at - (before?.at ?? now.at);
  const rate = (value: number, earlier = Number.NaN) =>
    seconds > 0 ? Math.max(0, value - earlier) / seconds : Number.NaN;
  const took = before && difference(now.durations.buckets, before.durations.buckets);
  const waited = before && difference(QUEUE.of(totals.figures), QUEUE.of(before.figures));
  const took95 = (share: number) => (took ? percentile(took, DURATION_BOUNDS, share) : Number.NaN);
  const { processes, listeners, requests, workers } = page;
  return [
    ...[
      rate(now.durations.ended, before?.durations.ended),
      rate(now.durations.failed, before?.durations.failed),
    ],
    ...[took95(0.5), took95(0.95), took95(0.99)],
    waited ? percentile(waited, QUEUE.bounds, 0.95) : Number.NaN,
    sum(listeners.map(({ queue }) => queue)),
    largest(rates.map(({ loopDelay }) => loopDelay)),
    sum(rates.map(({ cpu }) => cpu)),
    sum(processes.map(({ rssBytes }) => rssBytes)),
    requests?.inFlight ?? Number.NaN,
    totals.figures[CONNECTIONS] ?? 0,
    ...[workers.ready, workers.wanted],
  ];
}

const CONNECTIONS = placeOf('tsunicorn_connections');

/** Where a histogram without labels has its buckets. */
function histogramOf(family: 'tsunicorn_eventloop_delay_seconds' | 'tsunicorn_request_queue_seconds') {
  const bounds: readonly number[] = families[family].bounds ?? [];
  const at = placeOf(family) + 1;
  return { bounds, of: (figures: Float64Array) => figures.subarray(at, at + bounds.length + 1) };
}

function difference(now: Float64Array, before: Float64Array): Float64Array {
  return now.map((count, at) => Math.max(0, count - (before[at] ?? 0)));
}

/**
 * The value below which that share of the counted lies, as histogram_quantile() of Prometheus estimates it; NaN where
 * nothing is counted.
 */
export function percentile(buckets: Float64Array, bounds: readonly number[], share: number): number {
  const all = buckets.reduce((total, count) => total + count, 0);
  if (all === 0) return Number.NaN;
  const wanted = all * share;
  let seen = 0;
  for (const [at, count] of buckets.entries()) {
    if (count > 0 && seen + count >= wanted) {
      const from = bounds[at - 1] ?? 0;
      const to = bounds[at];
      return to === undefined ? from : from + ((to - from) * (wanted - seen)) / count;
    }
    seen += count;
  }
  return bounds.at(-1) ?? Number.NaN;
}

/** Of those that are known; NaN where none is. */
function sum(values: readonly (number | null)[]): number {
  const known = values.filter((value) => value !== null && !Number.isNaN(value)) as number[];
  return known.length === 0 ? Number.NaN : known.reduce((total, value) => total + value, 0);
}

function largest(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.length === 0 ? Number.NaN : Math.max(...known);
}
