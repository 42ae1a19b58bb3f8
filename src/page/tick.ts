import { hostname } from 'node:os';
import type { Controlled } from '../control/controlled.ts';
import type { Finding } from '../control/doctor/finding.ts';
import { requestsOf } from '../control/routes/workers.ts';
import type { AnyRecord } from '../log/records.ts';
import { healthOf } from './health.ts';
import type { HistoryRing } from './history/ring.ts';
import type { Recorder, Tick } from './recorder.ts';
import type { WireRecord, WireRequest, WireTick, WireWorker } from './wire.ts';

/** So many of the oldest requests are shown. */
const MOST_REQUESTS = 50;
const MINUTE_S = 60;
/** An error of a worker belongs to an end that comes so soon. */
const SAME_S = 3;

/** What a tick is made of. */
export interface TickSource {
  readonly service: Controlled;
  readonly recorder: Recorder;
  readonly records: readonly WireRecord[];
  /** What workers have logged of level error and above. */
  readonly errors: readonly WireRecord[];
  /** What the doctor finds. */
  readonly findings: readonly Finding[];
  readonly lost: number;
  readonly seq: number;
}

/** The message of one second, for all who have the page open. */
export function wireTick({ sample, page, rates }: Tick, source: TickSource): WireTick {
  const { service, recorder, records, lost, seq } = source;
  const { settings } = service.loaded();
  const requests = oldestOf(service);
  const workers = page.processes.map((row): WireWorker => {
    const rate = rates.get(row.age);
    const blocked = recorder.conditions.blockedMs(row.age, performance.now()) / 1000;
    return {
      ...{ slot: row.slot, pid: row.pid, age: row.age, generation: row.generation, state: row.state },
      ...{ why: whyOf(service, row.age), blocked: Math.round(blocked), uptime: row.uptimeSeconds },
      ...{ requestRate: known(rate?.requestRate), inFlight: row.inFlight, connections: row.connections },
      ...{ cpu: known(rate?.cpu), rss: row.rssBytes, heap: row.heapBytes, loopDelay: known(rate?.loopDelay) },
    };
  });
  return {
    ...{ seq, at: sample.at, health: healthFrom(page, source) },
    ...{
      name: settings.name,
      app: settings.app,
      host: hostname(),
      pid: page.pid,
      uptime: page.uptimeSeconds,
    },
    ...{ phase: page.phase, generation: page.generation },
    ...{ wanted: page.workers.wanted, ready: page.workers.ready - blockedOf(page, recorder).length },
    figures: sample.service.map(known),
    slots: Object.fromEntries([...sample.bySlot].map(([slot, figures]) => [slot, figures.map(known)])),
    marks: recorder.newMarks(),
    workers,
    requests: requests.slice(0, MOST_REQUESTS),
    requestCount: Math.max(requests.length, page.requests?.inFlight ?? 0),
    certificates: page.certificates.map(({ file, names, validUntil, daysLeft, remark }) => ({
      ...{ file, names, until: validUntil.slice(0, 10), daysLeft, remark },
    })),
    listeners: page.listeners.map(({ url, queue, limit }) => ({ url, queue, limit })),
    deaths: service.journal.deaths,
    records,
    lost,
  };
}

/** A record of the arbiter as the page shows it. */
export function wireRecord(record: AnyRecord): WireRecord {
  const { time, level, message, event, err } = record;
  const stack = 'stack' in record ? (record.stack ?? null) : null;
  return {
    ...{ time: time.toISOString(), level, message, event },
    slot: 'worker' in record ? (record.worker?.slot ?? null) : null,
    stack: err instanceof Error ? (err.stack ?? null) : (stack?.join('\n') ?? null),
  };
}

/** The workers that are ready, and answer nobody. */
function blockedOf({ processes }: Tick['page'], { conditions }: Recorder) {
  const nowMs = performance.now();
  return processes.filter(({ state, age }) => state === 'ready' && conditions.blockedMs(age, nowMs) > 0);
}

function healthFrom(page: Tick['page'], { service, recorder, errors, findings }: TickSource) {
  const nowMs = performance.now();
  const queues = page.listeners.flatMap(({ queue }) => queue ?? []);
  return healthOf({
    status: service.journal.status,
    conditions: recorder.conditions.all,
    nowMs,
    deaths: recentDeaths(recorder.ring, errors),
    retryMs: recorder.conditions.retryMs(nowMs),
    queued: queues.length === 0 ? null : queues.reduce((sum, queue) => sum + queue, 0),
    requestsInFlight: page.requests?.inFlight ?? 0,
    blocked: blockedOf(page, recorder).length,
    findings,
  });
}

/** The last one with what the worker itself said of it. */
function recentDeaths({ marks, latest }: HistoryRing, errors: readonly WireRecord[]) {
  const deaths = marks.filter(({ kind, at }) => kind === 'death' && at > latest - MINUTE_S);
  const last = deaths.at(-1);
  if (last === undefined) return { count: 0, last: null };
  const error = errors.findLast(({ time }) => Math.abs(Date.parse(time) / 1000 - last.at) < SAME_S);
  const said = error === undefined ? '' : `: ${error.stack?.split('\n', 1)[0] ?? error.message}`;
  return { count: deaths.length, last: `${last.text}${said}` };
}

function oldestOf(service: Controlled): readonly WireRequest[] {
  const all = service.workers().flatMap(requestsOf);
  return all
    .map(({ slot, pid, ageMs, method, path, client, state }) => ({
      ...{ slot, pid, ageMs, method, path, client, state },
    }))
    .toSorted((one, other) => other.ageMs - one.ageMs);
}

function whyOf(service: Controlled, age: number): string | null {
  const state = service.workers().find((worker) => worker.age === age)?.state;
  if (state === undefined) return null;
  if ('reason' in state) return state.reason;
  return 'outgoing' in state ? state.outgoing : null;
}

/** JSON has no NaN; four digits are enough to draw. */
function known(value: number | undefined): number | null {
  if (value === undefined || !Number.isFinite(value)) return null;
  return Number.isInteger(value) ? value : Number(value.toPrecision(4));
}
