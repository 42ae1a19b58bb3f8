import { ListeningRows, queueLimit, queueOf } from '../listeners/queue.ts';
import { HEADER, members, placeOf } from '../metrics/layout.ts';
import { outcomesOf } from '../metrics/outcomes.ts';
import type { Totals } from '../metrics/store.ts';
import type { CertificateStatus, ServiceStatus, WorkerStatus } from '../process/status.ts';
import { usageOf } from '../process/usage.ts';
import type { Settings } from '../settings/catalogue/catalogue.ts';
import { classNameOf } from '../settings/class-name.ts';
import type { Waits } from './waits.ts';

/** A socket at which the workers serve. */
export interface ListenerView {
  readonly fd: number;
  readonly url: string;
  /** The slot whose worker alone accepts there; undefined where all do. */
  readonly address?: { readonly slot?: number };
}

/** What the status is made of; null is what is not known there. */
export interface StatusSource {
  readonly version: string;
  readonly listeners: () => readonly ListenerView[];
  /** Absent where nobody has asked for them. */
  readonly waits?: Waits;
  /** The tables of the kernel; they are read where there are none. */
  readonly rows?: ListeningRows;
  readonly settings: () => Pick<Settings, 'name' | 'backlog' | 'workerClass' | 'threads'>;
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
  /** How many of them a second, in the last five seconds. */
  readonly requestsPerSecond: number | null;
  readonly inFlight: number | null;
  readonly connections: number | null;
  /** How late timers fired in the last five seconds, of 99 in 100 at most; of a loop that is blocked, for how long it is. */
  readonly loopP99Ms: number | null;
  /** For how long its event loop has been blocked; null where it turns, or nothing is known. */
  readonly blockedMs: number | null;
  /** What waits for this worker alone: requests for a thread, connections at the sockets of its slot. */
  readonly queue: number | null;
}

/** The version of what follows: it rises when a field changes its meaning or goes. */
const SCHEMA = 1;

const ACTIVE = (members.get('http_server_active_requests') ?? []).map(({ at }) => at);
const HEAP = placeOf('v8js_memory_heap_used_bytes');
const RESIDENT = placeOf('process_memory_usage_bytes');
const CONNECTIONS = placeOf('tsunicorn_connections');
const THREAD_QUEUE = placeOf('tsunicorn_thread_queue_requests');
/** A worker looks at itself once a second: one that has not for so long is blocked. */
const LATE_MS = 2500;

/** What /status.json says. */
export function statusPage({
  status,
  totals,
  version,
  listeners,
  waits,
  rows: tables,
  settings,
}: StatusSource) {
  const byPid = new Map(totals?.workers.map((figures) => [figures[HEADER.pid], figures]));
  const { name, backlog, workerClass, threads } = settings();
  const queues = queuesOf(listeners(), backlog, waits, tables);
  const hasThreads = classNameOf({ workerClass, threads }) === 'thread';
  const rows = (status?.processes ?? []).map((worker) => {
    const figures = byPid.get(worker.pid);
    return rowOf(worker, figures, totals, waitingFor(worker, queues, hasThreads ? figures : undefined));
  });
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
    listeners: queues,
    workers: { wanted: status?.workers.wanted ?? 0, ready: status?.workers.ready ?? 0 },
    processes: rows.toSorted(bySlot),
    companions: status?.companions ?? [],
    certificates: (status?.certificates ?? []).map(certificateOf),
    requests: totals && requestsOf(totals),
    exits: totals && countsOf('tsunicorn_worker_exits_total', totals),
    reloads: totals && countsOf('tsunicorn_reloads_total', totals),
    upgrades: totals && countsOf('tsunicorn_upgrades_total', totals),
  };
}

const DAY_MS = 86_400_000;

function certificateOf({ file, names, untilMs, remark }: CertificateStatus) {
  const daysLeft = Math.floor((untilMs - Date.now()) / DAY_MS);
  return { file, names, validUntil: new Date(untilMs).toISOString(), daysLeft, remark };
}

/** The queue of the kernel before a socket. What is not known is null. */
export interface QueueRow {
  readonly url: string;
  /** The slot whose worker alone accepts there; null where all do. */
  readonly slot: number | null;
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
    slot: listener.address?.slot ?? null,
    queue: queueOf(listener, rows)?.length ?? null,
    limit,
    longestWaitMs: waits?.get(listener.url) ?? null,
  }));
}

/** As `queue` of a WorkerRow; `figures` are undefined where its class has no threads. */
function waitingFor(
  { slot, state }: WorkerStatus,
  queues: readonly QueueRow[],
  figures: Float64Array | undefined,
): number | null {
  // One that retires accepts nothing.
  const own = state === 'retiring' || slot === null ? [] : queues.filter((queue) => queue.slot === slot);
  const lengths = [...own.map(({ queue }) => queue), figures?.[THREAD_QUEUE] ?? null];
  const known = lengths.filter((length) => length !== null);
  return known.length === 0 ? null : known.reduce((sum, length) => sum + length, 0);
}

/** From slot 0, what has none at the end; a worker before its replacement. */
function bySlot(one: WorkerStatus, other: WorkerStatus): number {
  const [a, b] = [one, other].map(({ slot }) => slot ?? Number.MAX_SAFE_INTEGER);
  return (a ?? 0) - (b ?? 0) || one.age - other.age;
}

function rowOf(
  worker: WorkerStatus,
  figures: Float64Array | undefined,
  totals: Totals | null,
  queue: number | null,
): WorkerRow {
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
    queue,
    ...recentOf(figures),
  };
}

/** How a worker did in the last seconds, as it said itself: one that is blocked does not say so. */
function recentOf(
  figures: Float64Array | undefined,
): Pick<WorkerRow, 'requestsPerSecond' | 'loopP99Ms' | 'blockedMs'> {
  const measuredMs = figures?.[HEADER.measuredMs] ?? 0;
  if (figures === undefined || measuredMs === 0)
    return { requestsPerSecond: null, loopP99Ms: null, blockedMs: null };
  const silentMs = Date.now() - measuredMs;
  if (silentMs >= LATE_MS) return { requestsPerSecond: 0, loopP99Ms: silentMs, blockedMs: silentMs };
  const delaySeconds = figures[HEADER.delaySeconds] ?? Number.NaN;
  return {
    requestsPerSecond: figures[HEADER.perSecond] ?? 0,
    loopP99Ms: Number.isNaN(delaySeconds) ? null : delaySeconds * 1000,
    blockedMs: null,
  };
}

function requestsOf(totals: Totals) {
  return { ...outcomesOf(totals), inFlight: activeIn(totals.figures) };
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
