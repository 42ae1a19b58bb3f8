import { statusPage } from '../../admin/status-page.ts';
import { WaitReader, type Waits } from '../../admin/waits.ts';
import type { ServiceStatus } from '../../process/status.ts';
import { counted } from '../../support/text.ts';
import type { Controlled } from '../controlled.ts';
import type { Route } from '../route.ts';

/** The status of the service: what /status.json says, and what the arbiter remembers beside it. */
export function fullStatus(service: Controlled, waits?: Waits) {
  const { version, listeners, loaded, counters, journal, workers, newArbiter } = service;
  const page = statusPage({
    version,
    listeners,
    settings: () => loaded().settings,
    ...(waits === undefined ? {} : { waits }),
    status: journal.status,
    totals: counters?.totals() ?? null,
  });
  const { lastReload, file, deaths } = journal;
  return {
    ...page,
    app: loaded().settings.app,
    file,
    reload: { ...page.reload, last: lastReload },
    deathsLastHour: deaths,
    arbiters: { old: journal.status?.role === 'new' ? service.oldArbiter : null, new: newArbiter() },
    waits:
      journal.status === null
        ? ['the arbiter starts']
        : waitsOf(journal.status, workers(), lastDeath(journal)),
  };
}

/** As JSON, in which a time is text. */
export type FullStatus = ReturnType<typeof fullStatus>;

/** A worker that has ended for longer than this is not why others are not ready. */
const RECENT_MS = 60_000;

/** What was said of the last worker that ended and was not told to, if that is not long ago. */
function lastDeath({ recent }: Pick<Controlled['journal'], 'recent'>): string | null {
  const record = recent.findLast(({ event, level }) => event === 'worker-exited' && level === 'error');
  return record === undefined || Date.now() - record.time.getTime() > RECENT_MS ? null : record.message;
}

/** What is under way or held up, a line each. */
function waitsOf(
  status: ServiceStatus,
  workers: ReturnType<Controlled['workers']>,
  death: string | null,
): readonly string[] {
  const { phase, reload, reloadFailure, role, generation } = status;
  const { wanted, ready } = status.workers;
  const booting = workers.filter(({ state }) => ['spawning', 'booting', 'opening'].includes(state.name));
  const retiring = workers.filter(({ state }) => state.name === 'retiring');
  const canary = workers.find((worker) => worker.generation > generation && worker.state.name !== 'retiring');
  return [
    ...(phase === 'starting' ? ['the first worker is not ready yet'] : []),
    ...(phase === 'stopping' ? [`the service stops: ${counted(workers.length, 'worker')} left`] : []),
    ...(reload === null
      ? []
      : [`reload ${reload}: ${canary ? stepOf(canary) : 'the configuration is read'}`]),
    ...(reloadFailure === null ? [] : [`the last reload changed nothing: ${reloadFailure}`]),
    ...(role === 'only' ? [] : ['an upgrade: two arbiters serve, until upgrade --finish or rollback']),
    ...(ready < wanted && phase === 'serving'
      ? [
          `${wanted - ready} of ${wanted} workers are not ready: ${booting.length} boot${death === null ? '' : `; ${death}`}`,
        ]
      : []),
    ...(retiring.length > 0 ? [`${counted(retiring.length, 'worker')} to finish their requests`] : []),
    ...(wanted === 0 && phase === 'serving' ? ['the service is paused: requests wait in the queue'] : []),
  ];
}

/** What a reload waits for, by its first worker. */
function stepOf({ pid, state }: ReturnType<Controlled['workers']>[number]): string {
  if (state.name === 'ready')
    return 'its first worker is ready, and its required companions, if it has any, have to last';
  return `its first worker (pid ${pid}) boots`;
}

export const statusRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/status',
    doc: 'The status of the service, its workers and its listeners.',
    handle: async (_asked, service) => fullStatus(service, await new WaitReader().read(service.listeners())),
  },
];
