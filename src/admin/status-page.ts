import { ListeningRows, queueLimit, queueOf } from '../listeners/queue.ts';
import { families } from '../metrics/catalogue.ts';
import { HEADER, members, placeOf } from '../metrics/layout.ts';
import { countOf, type Totals } from '../metrics/store.ts';
import type { ServiceStatus, WorkerStatus } from '../process/status.ts';
import { usageOf } from '../process/usage.ts';
import type { Settings } from '../settings/catalogue/catalogue.ts';
import type { Waits } from './waits.ts';

/** A socket at which the workers serve. */
export interface ListenerView {
  readonly fd: number;
  readonly url: string;
}

/** What the status is made of; null is what is not known there. */
export interface StatusSource {
  readonly version: string;
  readonly listeners: () => readonly ListenerView[];
  /** Absent where nobody has asked for them. */
  readonly waits?: Waits;
  readonly settings: () => Pick<Settings, 'name' | 'backlog'>;
  readonly status: ServiceStatus | null;
  readonly totals: Totals | null;
}

/** One worker process in the status. What is not known, or not counted, is null. */
export interface WorkerRow extends WorkerStatus {
  readonly uptimeSeconds: number | null;
  /** Since its start. */
  readonly cpuSeconds: number | null;
  readonly rssBytes: number | null;
  readonly heapBytes: number | null;
  /** How many requests it has ended. */
  readonly requests: number | null;
  readonly inFlight: number | null;
  readonly connections: number | null;
  /** How late timers fired, of 99 in 100 measurements since its start at most. */
  readonly loopP99Ms: number | null;
}

/** The version of what follows: it rises when a field changes its meaning or goes. */
const SCHEMA = 1;

const ACTIVE = (members.get('http_server_active_requests') ?? []).map(({ at }) => at);
const HEAP = placeOf('v8js_memory_heap_used_bytes');
const RESIDENT = placeOf('process_memory_usage_bytes');
const CONNECTIONS = placeOf('tsunicorn_connections');
const DELAY = placeOf('tsunicorn_eventloop_delay_seconds');
const DELAY_BOUNDS: readonly number[] = families.tsunicorn_eventloop_delay_seconds.bounds ?? [];

/** What /status.json says. */
export function statusPage({ status, totals, version, listeners, waits, settings }: StatusSource) {
  const byPid = new Map(totals?.workers.map((figures) => [figures[HEADER.pid], figures]));
  const { name, backlog } = settings();
  return {
    schema: SCHEMA,
    version,
    name,
    pid: process.pid,
    uptimeSeconds: Math.round(process.uptime()),
    phase: status?.phase ?? 'starting',
    role: status?.role ?? 'only',
    generation: status?.generation ?? null,
    reload: { underWay: status?.reload ?? null, lastFailure: status?.reloadFailure ?? null },
    addresses: listeners().map(({ url }) => url),
    listeners: queuesOf(listeners(), backlog, waits),
    workers: { wanted: status?.workers.wanted ?? 0, ready: status?.workers.ready ?? 0 },
    processes: (status?.processes ?? []).map((worker) => rowOf(worker, byPid.get(worker.pid), totals)),
    companions: status?.companions ?? [],
    requests: totals && requestsOf(totals),
    exits: totals && countsOf('tsunicorn_worker_exits_total', totals),
    reloads: totals && countsOf('tsunicorn_reloads_total', totals),
    upgrades: totals && countsOf('tsunicorn_upgrades_total', totals),
  };
}

/** The queue of the kernel before a socket. What is not known is null. */
export interface QueueRow {
  readonly url: string;
  /** Connections that wait to be accepted. */
  readonly queue: number | null;
  /** How many can wait. */
  readonly limit: number;
  /** How long one of them has waited since it sent something. */
  readonly longestWaitMs: number | null;
}

/** The queues before the sockets. */
export function queuesOf(
  listeners: readonly ListenerView[],
  backlog: number,
  waits?: Waits,
  rows = new ListeningRows(),
): readonly QueueRow[] {
  const limit = queueLimit(backlog);
  return listeners.map((listener) => ({
    url: listener.url,
    queue: queueOf(listener, rows)?.length ?? null,
    limit,
    longestWaitMs: waits?.get(listener.url) ?? null,
  }));
}

function rowOf(worker: WorkerStatus, figures: Float64Array | undefined, totals: Totals | null): WorkerRow {
  const usage = worker.pid === 0 ? null : usageOf(worker.pid);
  return {
    ...worker,
    uptimeSeconds: usage?.uptimeSeconds ?? null,
    cpuSeconds: usage?.cpuSeconds ?? null,
    rssBytes: usage?.rssBytes ?? figures?.[RESIDENT] ?? null,
    heapBytes: figures?.[HEAP] ?? null,
    requests: totals?.ended.get(worker.pid) ?? null,
    inFlight: figures ? activeIn(figures) : null,
    connections: figures?.[CONNECTIONS] ?? null,
    loopP99Ms: figures ? delayOf(figures) : null,
  };
}

/** The upper bound of the bucket that has the 99th percentile; null before the first measurement. */
function delayOf(figures: Float64Array): number | null {
  const buckets = figures.subarray(DELAY + 1, DELAY + 2 + DELAY_BOUNDS.length);
  const all = buckets.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  const found = buckets.findIndex((count) => {
    seen += count;
    return seen >= all * 0.99;
  });
  return all === 0 ? null : (DELAY_BOUNDS[found] ?? DELAY_BOUNDS.at(-1) ?? 0) * 1000;
}

function requestsOf({ figures, series }: Totals) {
  return { ended: countOf(series), inFlight: activeIn(figures) };
}

function activeIn(figures: Float64Array): number {
  return ACTIVE.reduce((sum, at) => sum + (figures[at] ?? 0), 0);
}

/** What was counted at least once, by its label. */
function countsOf(
  family: 'tsunicorn_worker_exits_total' | 'tsunicorn_reloads_total' | 'tsunicorn_upgrades_total',
  { figures }: Totals,
): Readonly<Record<string, number>> {
  const counted = (members.get(family) ?? []).filter(({ at }) => (figures[at] ?? 0) > 0);
  return Object.fromEntries(
    counted.map(({ labels, at }) => [Object.values(labels).join(), figures[at] ?? 0]),
  );
}
