import { withoutQuery } from '../../support/text.ts';
import type { Controlled, WorkerView } from '../controlled.ts';
import { Refusal, type Route } from '../route.ts';
import { fullStatus } from './status.ts';

/**
 * The worker in a slot, the one that serves where there are two, or the one with that process id. Throws a Refusal.
 */
export function workerIn(service: Controlled, slot: string | undefined): WorkerView {
  const all = service.workers();
  const number = /^\d+$/.test(slot ?? '') ? Number(slot) : Number.NaN;
  const inSlot = all.filter((worker) => worker.slot === number);
  const found =
    inSlot.find(({ state }) => state.name === 'ready') ??
    inSlot[0] ??
    all.find(({ pid }) => pid === number && pid > 0);
  if (found !== undefined) return found;
  const slots = [...new Set(all.flatMap((worker) => worker.slot ?? []))].toSorted((a, b) => a - b);
  const known = slots.length === 0 ? 'no slot has a worker now' : `the slots are ${slots.join(', ')}`;
  throw new Refusal(404, `no worker is in slot "${slot}": ${known}`);
}

/** The requests of a worker, as the watchdog of it has reported them. */
export function requestsOf({ requests, pid, slot }: WorkerView) {
  const now = Date.now();
  return requests.left.map(
    ({ method, url, cut, remote, protocol, status, ended, bytes, startedMs, ...tags }) => ({
      ...{ pid, slot, ageMs: Math.max(0, now - Math.round(startedMs)), method },
      requestId: tags.requestId || null,
      traceId: tags.traceId || null,
      path: `${withoutQuery(url)}${cut && !url.includes('?') ? '…' : ''}`,
      client: remote === '' ? null : remote,
      protocol,
      state: stateOf(method, status, ended),
      status: status === 0 ? null : status,
      bytes,
    }),
  );
}

/** An upgraded connection, such as a WebSocket, stays in the list until it ends. */
function stateOf(method: string, status: number, ended: boolean): string {
  if (status === 0) return 'waiting';
  if (status === 101 || (method === 'CONNECT' && status < 300)) return 'upgraded';
  return ended ? 'ended' : 'answering';
}

function described(service: Controlled, worker: WorkerView): object {
  const { pid, slot, age, state, limits, origin } = worker;
  const { processes } = fullStatus(service);
  const { settings } = origin.loaded;
  const records = service.journal.recent.filter(
    (record) => 'worker' in record && record.worker !== undefined && record.worker.age === age,
  );
  return {
    ...processes.find((one) => one.age === age),
    ...{ pid, slot, age },
    stateReason: 'reason' in state ? state.reason : 'outgoing' in state ? state.outgoing : null,
    limits: {
      bootMs: finite(limits.bootMs),
      heartbeatMs: finite(limits.heartbeatMs),
      graceMs: finite(limits.graceMs),
    },
    app: settings.app,
    directory: settings.chdir,
    requests: requestsOf(worker),
    recent: records.map(({ time, level, event, message }) => ({ time, level, event, message })),
  };
}

/** JSON has no Infinity: null is no limit. */
function finite(ms: number): number | null {
  return ms === Infinity ? null : ms;
}

export const workerRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/workers',
    doc: 'The workers alone.',
    handle: (_asked, service) => ({ processes: fullStatus(service).processes }),
  },
  {
    method: 'GET',
    path: '/v1/workers/:slot',
    doc: 'One worker: its state and why, its limits, its requests, and what was logged of it. In place of a slot, a process id.',
    handle: ({ params }, service) => described(service, workerIn(service, params.slot)),
  },
  {
    method: 'GET',
    path: '/v1/requests',
    doc: 'The requests in flight that are older than 50 ms, the oldest first. Queries are left out.',
    handle: (_asked, service) => ({
      requests: service
        .workers()
        .flatMap(requestsOf)
        .toSorted((one, other) => other.ageMs - one.ageMs),
    }),
  },
];
