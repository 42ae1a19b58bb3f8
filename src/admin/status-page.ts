import { HEADER, members, placeOf } from '../metrics/layout.ts';
import type { Totals } from '../metrics/store.ts';
import type { ServiceStatus } from '../process/status.ts';
import type { Settings } from '../settings/catalogue/catalogue.ts';

export interface StatusSource {
  readonly version: string;
  /** The addresses at which the workers serve. */
  readonly addresses: () => readonly string[];
  readonly settings: () => Pick<Settings, 'name'>;
  readonly status: ServiceStatus | null;
  readonly totals: Totals;
}

/** The version of what follows: it rises when a field changes its meaning or goes. */
const SCHEMA = 1;

const ACTIVE = (members.get('http_server_active_requests') ?? []).map(({ at }) => at);
const HEAP = placeOf('v8js_memory_heap_used_bytes');
const RESIDENT = placeOf('process_memory_usage_bytes');

/** What /status.json says. */
export function statusPage({ status, totals, version, addresses, settings }: StatusSource): object {
  const byPid = new Map(totals.workers.map((figures) => [figures[HEADER.pid], figures]));
  const { name } = settings();
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
    addresses: addresses(),
    workers: { wanted: status?.workers.wanted ?? 0, ready: status?.workers.ready ?? 0 },
    processes: (status?.processes ?? []).map((worker) => ({
      ...worker,
      ...figuresOf(byPid.get(worker.pid)),
    })),
    companions: status?.companions ?? [],
    requests: requestsOf(totals),
    exits: countsOf('tsunicorn_worker_exits_total', totals),
    reloads: countsOf('tsunicorn_reloads_total', totals),
    upgrades: countsOf('tsunicorn_upgrades_total', totals),
  };
}

function figuresOf(figures: Float64Array | undefined): object {
  if (figures === undefined) return {};
  return { inFlight: activeIn(figures), heapBytes: figures[HEAP], rssBytes: figures[RESIDENT] };
}

function requestsOf({ figures, series }: Totals): object {
  let answered = 0;
  for (const [, ...buckets] of series.values()) for (const count of buckets) answered += count;
  return { ended: answered, inFlight: activeIn(figures) };
}

function activeIn(figures: Float64Array): number {
  return ACTIVE.reduce((sum, at) => sum + (figures[at] ?? 0), 0);
}

/** What was counted at least once, by its label. */
function countsOf(
  family: 'tsunicorn_worker_exits_total' | 'tsunicorn_reloads_total' | 'tsunicorn_upgrades_total',
  { figures }: Totals,
): object {
  const counted = (members.get(family) ?? []).filter(({ at }) => (figures[at] ?? 0) > 0);
  return Object.fromEntries(counted.map(({ labels, at }) => [Object.values(labels).join(), figures[at]]));
}
