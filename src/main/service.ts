import { spawn as spawnProcess } from 'node:child_process';
import { followsProgram, type Generation, slotAtSpawn } from '../arbiter/change/generation.ts';
import type { EventQueue } from '../arbiter/events.ts';
import { type SpawnOptions, spawnWorker, type WorkerHandle } from '../arbiter/workers/handle.ts';
import type { Asker } from '../control/directory.ts';
import type { AnyRecord, RecordLog } from '../log/records.ts';
import { recordsOf, tapped } from '../log/tap.ts';
import type { Counters } from '../metrics/counters.ts';
import { callHook } from '../process/call-hook.ts';
import type { Parent } from '../process/parent.ts';
import { FollowingPidfile } from '../process/pidfile.ts';
import type { Loaded } from '../settings/load.ts';
import { systemClock } from '../support/clock.ts';
import type { Logger } from '../support/logger.ts';
import { bindNamed, type Control, controlOf, journalOf, ringsOf } from './control.ts';
import { FollowingLog } from './logs.ts';
import { countersOf } from './observed.ts';
import { type Checked, prepareGeneration } from './prepare.ts';
import type { Bound } from './supervise.ts';

/** The process that a service runs in, and what that process has to do with it: our own command, or any program. */
export interface Host
  extends Pick<Bound, 'queue' | 'input' | 'systemd' | 'start' | 'own' | 'lineage' | 'observe' | 'ownHooks'> {
  /** The log of the service, which writes to the one that was opened as the settings say. */
  readonly logOf: (opened: Logger) => Logger | Promise<Logger>;
  /** Who asks for a control socket where the settings do not say; null where there is none by default. */
  readonly asker: Asker | null;
  /** The tsunicorn process that started this one, if one did. */
  readonly parent: Parent | null;
  /** To be called with that log as soon as it is there. */
  readonly logs: (log: RecordLog) => void;
  /** From here on there is something to clean up. */
  readonly begins: (log: RecordLog) => void | Promise<void>;
  /** To be called when the code of the arbiter has been loaded. */
  readonly allLoaded: () => void;
}

/** Binds, spawns and supervises until told to stop; resolves with the exit status. Throws a UsageError before that. */
export async function runService(loaded: Loaded, checked: Checked, host: Host): Promise<number> {
  const control = controlOf(loaded, host.asker, host.lineage);
  const counters = countersOf(loaded, control, host.parent);
  try {
    return await run(loaded, checked, host, { control, counters });
  } finally {
    counters?.close();
  }
}

async function run(
  loaded: Loaded,
  checked: Checked,
  host: Host,
  { control, counters }: { readonly control: Control | null; readonly counters: Counters | null },
): Promise<number> {
  const { queue, own, lineage } = host;
  const following = new FollowingLog(checked.openLog());
  const logged = await host.logOf(following.log);
  const journal = journalOf(loaded, control, lineage);
  // While there is nothing yet to clean up.
  const rings = await ringsOf(journal, host.parent);
  const took = (record: AnyRecord) => journal?.took(record);
  const log = journal === null ? logged : tapped(logged, took);
  following.alsoTrouble(recordsOf(took));
  host.logs(log);
  await callStarting(loaded, log);
  await host.begins(log);
  const pidfile = new FollowingPidfile(loaded, lineage.oldArbiter);
  const { first, adminListeners, ...bound } = await firstGeneration(checked, loaded, {
    ...{ pidfile, lineage, log, control },
  });
  const spawn = spawnerFrom(first, queue, { environment: own, counters, rings }, log);
  const loading = Promise.all([import('./supervise.ts'), counters?.load() ?? null]);
  const [{ supervise }, store] = await loading.catch((error: unknown) => {
    // The installation may just be replaced. Leave nothing behind; the worker ends when its channel closes.
    pidfile.remove();
    for (const listener of [...first.listeners, ...adminListeners]) listener.close();
    bound.control?.named?.close();
    throw error;
  });
  host.allLoaded();
  return supervise({
    ...host,
    first,
    spawn,
    spawnProcess,
    log,
    following,
    pidfile,
    ...{ counters: store, rings },
    adminListeners,
    journal,
    control: bound.control,
    history: host.parent?.counters?.history ?? null,
  });
}

/**
 * Starts the first worker before the code that supervises it is loaded, so that both load at the same time. Not where a hook
 * must be called first.
 */
function spawnerFrom(
  first: Generation,
  queue: EventQueue,
  {
    environment,
    counters,
    rings,
  }: Pick<Bound, 'rings'> & {
    readonly environment: Bound['own'];
    readonly counters: Counters | null;
  },
  log: RecordLog,
): (options: SpawnOptions) => WorkerHandle {
  const spawn = (options: SpawnOptions) => {
    // They may have been rotated without a signal, to files that the workers' user cannot open.
    options.generation.privileges?.makeLogs(log);
    return spawnWorker(options, {
      spawn: spawnProcess,
      clock: systemClock,
      environment: environment.base,
      ...{ counters, rings },
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

/** Removes the pidfile where it fails. */
async function firstGeneration(
  checked: Checked,
  { hooks }: Loaded,
  { pidfile, lineage, log, control }: Pick<Bound, 'pidfile' | 'lineage' | 'log' | 'control'>,
): Promise<{ readonly first: Generation } & Pick<Bound, 'adminListeners' | 'control'>> {
  const { addresses, admin, privileges } = checked;
  try {
    const prepared = await prepareGeneration(checked, hooks, log, lineage.oldTicketKeys);
    const asks = followsProgram(prepared);
    const own = asks ? lineage.asked : addresses;
    const named = await bindNamed(control);
    const all = await bindOr(
      () => named?.named?.close(),
      () => lineage.bind([...own, ...admin], privileges?.identity),
    );
    const { sides } = lineage;
    const first: Generation = {
      ...{ number: 1, listeners: all.slice(0, own.length), ...prepared },
      ...(asks ? { address: 'asked' } : {}),
      ...(sides.length > 0 ? { sides } : {}),
    };
    return { first, adminListeners: all.slice(own.length), control: named };
  } catch (error) {
    pidfile.remove();
    throw error;
  }
}

/** Calls `undo` where `bind` rejects. */
async function bindOr<Result>(undo: () => void, bind: () => Promise<Result>): Promise<Result> {
  try {
    return await bind();
  } catch (error) {
    undo();
    throw error;
  }
}

async function callStarting({ hooks, settings }: Loaded, log: Logger): Promise<void> {
  const { onStarting } = hooks;
  if (!onStarting) return;
  const view = { pid: process.pid, workers: settings.workers, generation: 1, log };
  await callHook(log, 'onStarting', () => onStarting(view));
}
