import { spawn as spawnProcess } from 'node:child_process';
import { type Generation, slotAtSpawn } from '../arbiter/change/generation.ts';
import { type EventQueue, trapStops } from '../arbiter/events.ts';
import { type SpawnOptions, spawnWorker, type WorkerHandle } from '../arbiter/workers/handle.ts';
import type { Listener } from '../listeners/listener.ts';
import type { RecordLog } from '../log/records.ts';
import type { CounterStore } from '../metrics/store.ts';
import { callHook } from '../process/call-hook.ts';
import type { Parent } from '../process/parent.ts';
import { FollowingPidfile } from '../process/pidfile.ts';
import type { Start } from '../process/start.ts';
import { surviveStdio } from '../process/stdio.ts';
import type { SystemdVariables } from '../process/systemd/variables.ts';
import type { Loaded, SettingsInput } from '../settings/load.ts';
import { systemClock } from '../support/clock.ts';
import { UsageError } from '../support/errors.ts';
import type { Logger } from '../support/logger.ts';
import { Lineage } from './lineage.ts';
import { FollowingLog } from './logs.ts';
import { countedLog, countersOf } from './observed.ts';
import { OwnProcess } from './own-process.ts';
import { type Checked, checkSettings, prepareGeneration } from './prepare.ts';
import type { Bound } from './supervise.ts';

export interface ServeOptions {
  readonly start: Start;
  readonly input: SettingsInput;
  /** The tsunicorn process that started this one, if one did. */
  readonly parent: Parent | null;
  readonly systemd: SystemdVariables;
  readonly queue: EventQueue;
  /** To be called when the code of the arbiter has been loaded. */
  readonly allLoaded: () => void;
}

/** Binds, spawns and supervises until told to stop; resolves with the exit status. Throws a UsageError before that. */
export async function serve(loaded: Loaded, options: ServeOptions): Promise<number> {
  const { start, input, parent, systemd, queue } = options;
  const { settings } = loaded;
  if (settings.app === null && Object.keys(settings.mount).length === 0)
    throw new UsageError('no application was named; write for example: tsunicorn app.ts:app');
  const own = new OwnProcess(input.env, loaded);
  const checked = await checkSettings(loaded, input, own);
  if (settings.umask !== null) process.umask(settings.umask);
  own.rename(loaded);

  // Hooks may write to them.
  surviveStdio();
  const lineage = new Lineage(start, parent, queue);
  const following = new FollowingLog(checked.openLog());
  const counters = await countersOf(loaded, parent);
  const log = await countedLog(await lineage.logOf(loaded, following.log), counters);
  surviveUncaught(log);
  await callStarting(loaded, log);
  // From here on there is something to clean up, so stopping is the loop's to do.
  trapStops(queue);
  await noteActivation(systemd, loaded, log);
  const pidfile = new FollowingPidfile(loaded, lineage.oldArbiter);
  const { first, adminListeners } = await firstGeneration(checked, loaded, { pidfile, lineage, log });
  const spawn = spawnerFrom(first, queue, { environment: own, counters }, log);
  const { supervise } = await import('./supervise.ts').catch((error: unknown) => {
    // The installation may just be replaced. Leave nothing behind; the worker ends when its channel closes.
    pidfile.remove();
    for (const listener of [...first.listeners, ...adminListeners]) listener.close();
    throw error;
  });
  options.allLoaded();
  return supervise({
    first,
    spawn,
    spawnProcess,
    queue,
    input,
    systemd,
    start,
    own,
    log,
    following,
    lineage,
    pidfile,
    counters,
    adminListeners,
  });
}

/**
 * Starts the first worker before the code that supervises it is loaded, so that both load at the same time. Not where a hook
 * must be called first.
 */
function spawnerFrom(
  first: Generation,
  queue: EventQueue,
  { environment, counters }: { readonly environment: OwnProcess; readonly counters: CounterStore | null },
  log: RecordLog,
): (options: SpawnOptions) => WorkerHandle {
  const spawn = (options: SpawnOptions) => {
    // They may have been rotated without a signal, to files that the workers' user cannot open.
    options.generation.privileges?.makeLogs(log);
    return spawnWorker(options, {
      spawn: spawnProcess,
      clock: systemClock,
      environment: environment.base,
      counters,
    });
  };
  const { preFork, nworkersChanged } = first.hooks;
  if (preFork || nworkersChanged) return spawn;
  const emit = queue.push.bind(queue);
  let firstWorker: WorkerHandle | null = spawn({
    age: 1,
    slot: slotAtSpawn(first, 0),
    number: 0,
    generation: first,
    now: systemClock.now(),
    emit,
  });
  return (options) => {
    const worker = firstWorker ?? spawn(options);
    firstWorker = null;
    return worker;
  };
}

/** The arbiter survives uncaught errors: malformed data that a worker writes to the channel throws inside Node. */
function surviveUncaught(log: RecordLog): void {
  process.on('uncaughtException', (err) =>
    log.critical(
      'Uncaught exception in the arbiter, which continues; the cause is a hook of the configuration, data that an application wrote to descriptor 3, or a bug in tsunicorn',
      { event: 'internal-error', err },
    ),
  );
}

/** Removes the pidfile where it fails. */
async function firstGeneration(
  checked: Checked,
  { hooks }: Loaded,
  { pidfile, lineage, log }: Pick<Bound, 'pidfile' | 'lineage' | 'log'>,
): Promise<{ readonly first: Generation; readonly adminListeners: readonly Listener[] }> {
  const { addresses, admin, privileges } = checked;
  try {
    const all = await lineage.bind([...addresses, ...admin], privileges?.identity);
    const listeners = all.slice(0, addresses.length);
    const first = { number: 1, listeners, ...(await prepareGeneration(checked, hooks, log)) };
    return { first, adminListeners: all.slice(addresses.length) };
  } catch (error) {
    pidfile.remove();
    throw error;
  }
}

async function noteActivation(systemd: SystemdVariables, loaded: Loaded, log: RecordLog): Promise<void> {
  if (systemd.LISTEN_FDS === undefined) return;
  const { activationNotice } = await import('../process/systemd/activation.ts');
  const notice = activationNotice(systemd, loaded, process.pid);
  if (notice !== null) log.warning(notice, { event: 'settings-questionable', reason: notice });
}

async function callStarting({ hooks, settings }: Loaded, log: Logger): Promise<void> {
  const { onStarting } = hooks;
  if (!onStarting) return;
  const view = { pid: process.pid, workers: settings.workers, generation: 1, log };
  await callHook(log, 'onStarting', () => onStarting(view));
}
