import { NextReload, type ReloadOutcome } from '../../arbiter/change/outcome.ts';
import type { AnyRecord } from '../../log/records.ts';
import { counted } from '../../support/text.ts';
import type { Controlled } from '../controlled.ts';
import type { Asked, Lines, Route } from '../route.ts';
import { Refusal } from '../route.ts';
import { tell, telling } from '../tell.ts';
import { until, wantsWait } from '../until.ts';

const READY = { outcome: 'ready' } as const;

/** Whether only workers of that generation, or of a later one, serve, and as many as are wanted. */
function isReplaced({ journal: { status } }: Controlled, generation: number | null): boolean {
  // The record of its promotion comes before the status that knows of it.
  if (status === null || status.generation < (generation ?? 0)) return false;
  const { wanted, ready, current } = status.workers;
  return current >= wanted && ready === current;
}

async function reload(asked: Asked, service: Controlled): Promise<object> {
  const next = new NextReload();
  const endFollowing = service.journal.follow((record) => next.took(record));
  try {
    const records = await tell(service, { name: 'reload' });
    const others = records.find(({ event }) => event === 'reload-queued' || event === 'reload-superseded');
    if (!wantsWait(asked)) return { outcome: 'begun', reason: others?.message ?? null };
    const lines = asked.stream();
    if (others !== undefined) lines.send({ progress: others.message });
    return await reloaded(asked, lines, service, next);
  } finally {
    endFollowing();
  }
}

async function reloaded(asked: Asked, lines: Lines, service: Controlled, next: NextReload): Promise<object> {
  const result = await until(asked, lines, service, {
    look: (): ReloadOutcome | typeof READY | null => {
      const { outcome } = next;
      if (outcome === null || outcome.outcome !== 'promoted') return outcome;
      return isReplaced(service, outcome.generation) ? READY : null;
    },
    progress: () =>
      next.outcome === null ? provingText(service) : replacingText(service, next.outcome.generation),
  });
  const { journal } = service;
  return { reason: null, generation: journal.status?.generation ?? null, ...result };
}

/** What a reload does until it is promoted. */
function provingText({ journal, workers }: Controlled): string {
  const number = journal.status?.reload ?? null;
  const generation = journal.status?.generation ?? 0;
  const canary = workers().find((worker) => worker.generation > generation);
  if (canary === undefined) return `reload ${number ?? ''}: the configuration is read`.replace('  ', ' ');
  if (canary.state.name === 'ready')
    return `generation ${canary.generation}: its first worker is ready, and its required companions, if it has any, have to last`;
  const { readyPath } = canary.origin.loaded.settings;
  const until = readyPath === null ? '' : ` until ${readyPath} answers 200`;
  return `generation ${canary.generation}: its first worker (pid ${canary.pid}) is booting${until}`;
}

/** How far the workers of other generations are replaced by those of this one. */
function replacingText({ journal, workers }: Controlled, generation: number | null): string {
  const wanted = journal.status?.workers.wanted ?? 0;
  // Of the workers themselves: the status is of the generation before until the arbiter has looked at all of them.
  const current = workers().filter(
    (worker) => worker.generation === generation && worker.state.name === 'ready',
  ).length;
  const retiring = workers().filter(({ state }) => state.name === 'retiring');
  const requests = retiring.reduce((sum, worker) => sum + worker.requests.left.length, 0);
  const draining =
    retiring.length === 0
      ? ''
      : `, ${counted(retiring.length, 'old one')} left with ${counted(requests, 'request')}`;
  return `${Math.min(current, wanted)} of ${wanted} workers replaced${draining}`;
}

/** The old arbiter of an upgrade that serves already. */
function olderArbiter({ journal, oldArbiter }: Controlled): number | null {
  if (journal.status?.role === 'old') return process.pid;
  return journal.status?.role === 'new' ? oldArbiter : null;
}

async function upgrade(asked: Asked, service: Controlled): Promise<object> {
  const older = olderArbiter(service);
  if (older === null || !asked.query.has('finish')) return begin(asked, service);
  // As an operator would: it finishes its requests, and the new arbiter keeps serving.
  process.kill(older, 'SIGTERM');
  return { outcome: 'ready', reason: null };
}

async function begin(asked: Asked, service: Controlled): Promise<object> {
  let found: object | null = null;
  const endFollowing = service.journal.follow((record) => {
    found ??= upgradeOutcome(record);
  });
  try {
    await tell(service, { name: 'upgrade' });
    if (asked.query.has('finish') && !wantsWait(asked)) {
      // It waits until the new arbiter serves, and is dropped where that fails.
      await tell(service, { name: 'stop', mode: 'graceful' });
      return { outcome: 'begun', reason: null };
    }
    if (!wantsWait(asked)) return { outcome: 'begun', reason: null };
    const result = await until(asked, asked.stream(), service, {
      look: () => found,
      progress: () => upgradingText(service),
    });
    if (found !== null && 'arbiter' in found && asked.query.has('finish'))
      void service.tell({ name: 'stop', mode: 'graceful' });
    return { reason: null, ...result };
  } finally {
    endFollowing();
  }
}

function upgradeOutcome(record: AnyRecord): object | null {
  if (record.event === 'upgrade-ready') return { ...READY, arbiter: record.arbiter };
  if (record.event === 'upgrade-failed' || record.event === 'upgrade-rolled-back')
    return { outcome: 'undone', reason: record.reason };
  return null;
}

function upgradingText({ newArbiter }: Controlled): string {
  const pid = newArbiter();
  return pid === null ? 'the new arbiter starts' : `the new arbiter (pid ${pid}) boots its workers`;
}

function rollback(_asked: Asked, { newArbiter, journal, oldArbiter }: Controlled): object {
  const pid = journal.status?.role === 'new' && oldArbiter !== null ? process.pid : newArbiter();
  if (pid === null) throw new Refusal(409, 'rollback refused: no upgrade is under way');
  // As an operator would: it finishes its requests, and the old arbiter takes over again.
  process.kill(pid, 'SIGTERM');
  return { outcome: 'begun', arbiter: pid };
}

/** `3`, or as with PM2 `+1` and `-1`, which are added to the number that is wanted now. Throws a Refusal. */
function wantedBy(text: string, wanted: number): number {
  const [, sign, digits] = /^([+-]?)(\d{1,6})$/.exec(text) ?? [];
  if (digits === undefined)
    throw new Refusal(400, `scale: expected a whole number from 1 up, +N or -N, got "${text}"`);
  const count = sign === '' ? Number(digits) : wanted + Number(`${sign}${digits}`);
  if (count < 1) throw new Refusal(400, `scale: a service has at least one worker, got ${text} of ${wanted}`);
  return count;
}

async function scale(asked: Asked, service: Controlled): Promise<object> {
  const count = wantedBy(asked.query.get('count') ?? '', service.journal.status?.workers.wanted ?? 0);
  await tell(service, { name: 'scale', count });
  if (!wantsWait(asked)) return { outcome: 'begun', workers: count };
  const { journal } = service;
  const result = await until(asked, asked.stream(), service, {
    look: () => {
      const { wanted, ready } = journal.status?.workers ?? { wanted: 0, ready: 0 };
      return wanted === count && ready === count ? READY : null;
    },
    progress: () => `${journal.status?.workers.ready ?? 0} of ${count} workers ready`,
  });
  return { workers: count, ...result };
}

async function pause(asked: Asked, service: Controlled): Promise<object> {
  await tell(service, { name: 'pause' });
  if (!wantsWait(asked)) return { outcome: 'begun' };
  return until(asked, asked.stream(), service, {
    look: () => (service.workers().length === 0 ? READY : null),
    progress: () => leavingText(service),
  });
}

async function resume(asked: Asked, service: Controlled): Promise<object> {
  const records = await tell(service, { name: 'resume' });
  if (!records.some(({ event }) => event === 'resumed'))
    throw new Refusal(409, 'resume refused: the service is not paused');
  if (!wantsWait(asked)) return { outcome: 'begun' };
  const { journal } = service;
  return until(asked, asked.stream(), service, {
    look: () => {
      const { wanted, ready } = journal.status?.workers ?? { wanted: 0, ready: 0 };
      return wanted > 0 && ready >= wanted ? READY : null;
    },
    progress: () => `${counted(journal.status?.workers.ready ?? 0, 'worker')} ready`,
  });
}

async function stop(asked: Asked, service: Controlled): Promise<object> {
  if (olderArbiter(service) !== null)
    throw new Refusal(
      409,
      'stop refused: two arbiters serve; upgrade --finish ends the old one and rollback the new one',
    );
  const mode = asked.query.has('quick') ? 'quick' : 'graceful';
  await tell(service, { name: 'stop', mode });
  if (!wantsWait(asked)) return { outcome: 'begun', pid: process.pid };
  const { outcome } = await until(asked, asked.stream(), service, {
    look: (): typeof READY | null => null,
    progress: () => leavingText(service),
  });
  return { outcome: outcome === 'ended' ? 'done' : outcome, pid: process.pid };
}

function leavingText({ workers }: Controlled): string {
  const all = workers();
  const requests = all.reduce((sum, worker) => sum + worker.requests.left.length, 0);
  return `${counted(all.length, 'worker')} left with ${counted(requests, 'request')}`;
}

export const changeRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/reload',
    doc: 'Reloads. With `?wait` the answer has a line for each progress, and ends with `outcome`: `ready`, `refused`, `undone`, `superseded` or `timeout` (after `timeout` seconds, 300 by default).',
    handle: reload,
  },
  {
    method: 'POST',
    path: '/v1/upgrade',
    doc: 'Starts a new arbiter. With `?wait` as above; with `?finish` the old arbiter stops when the new one serves.',
    handle: upgrade,
  },
  { method: 'POST', path: '/v1/rollback', doc: 'Stops the new arbiter of an upgrade.', handle: rollback },
  {
    method: 'POST',
    path: '/v1/scale',
    doc: 'Wants `?count` workers; `&wait` waits until they are ready.',
    handle: scale,
  },
  {
    method: 'POST',
    path: '/v1/pause',
    doc: 'Retires the workers; requests wait in the queues of the sockets. `?wait`.',
    handle: pause,
  },
  { method: 'POST', path: '/v1/resume', doc: 'Starts the workers again. `?wait`.', handle: resume },
  {
    method: 'POST',
    path: '/v1/drain',
    doc: 'Goes on accepting, as not ready, until the service is stopped.',
    handle: telling({ name: 'drain' }, 'begun'),
  },
  {
    method: 'POST',
    path: '/v1/stop',
    doc: 'Stops the service; `?quick` without waiting for its requests. With `?wait` the answer ends with the arbiter.',
    handle: stop,
  },
];
