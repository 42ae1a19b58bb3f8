import { Arbiter } from '../arbiter/arbiter.ts';
import { type EventQueue, isProcessOne, STOP_SIGNALS, trapSignals } from '../arbiter/events.ts';
import { addressesOf, checkListeners, type Generation } from '../arbiter/generation.ts';
import { OomKills } from '../arbiter/oom-kills.ts';
import type { ArbiterOptions } from '../arbiter/options.ts';
import { spawnWorker } from '../arbiter/worker-handle.ts';
import { callHook } from '../call-hook.ts';
import { systemClock } from '../clock.ts';
import { flushCompileCache } from '../compile-cache.ts';
import { messageOf, UsageError } from '../errors.ts';
import { ARBITER_HOOKS } from '../hooks.ts';
import type { Listener } from '../listeners/listener.ts';
import type { Logger } from '../log/logger.ts';
import type { Parent } from '../parent.ts';
import type { Privileges } from '../privileges/privileges.ts';
import { withoutAdded } from '../settings/added-environment.ts';
import { classNameOf } from '../settings/class-name.ts';
import { type Loaded, loadHooks } from '../settings/load.ts';
import { type ReadQuestion, rereadSettings } from '../settings/reread.ts';
import type { Start } from '../start.ts';
import { surviveStdio } from '../stdio.ts';
import type { Notifier } from '../systemd/notifier.ts';
import type { SystemdVariables } from '../systemd/variables.ts';
import { checkLogs } from './check.ts';
import { Lineage } from './lineage.ts';
import { FollowingLog, logOpener } from './logs.ts';
import { PidfileOf } from './pidfile-of.ts';
import { privilegesOf, warnsOfRoot } from './privileges.ts';
import { packageVersion } from './version.ts';

export interface ServeOrder {
  readonly start: Start;
  readonly question: ReadQuestion;
  /** The tsunicorn process that started this one, if one did. */
  readonly parent: Parent | null;
  readonly systemd: SystemdVariables;
  readonly queue: EventQueue;
}

/** Binds, spawns and supervises until told to stop; resolves with the exit status. Throws a UsageError before that. */
export async function serve(loaded: Loaded, order: ServeOrder): Promise<number> {
  const { start, question, parent, systemd, queue } = order;
  const { settings } = loaded;
  if (settings.app === null)
    throw new UsageError('no application was named; write for example: tsunicorn app.ts:app');
  process.chdir(settings.chdir);
  // At each use: hooks of the arbiter may set variables for the workers to come.
  const base = () => withoutAdded(process.env, loaded.environment, question.env);
  await checkLogs(loaded);
  await checkDebug(loaded, base());
  const privileges = await privilegesOf(loaded);
  const openLog = await logOpener(loaded, privileges);
  // From here on there is something to clean up, so stopping is the loop's to do.
  if (!isProcessOne()) trapSignals(queue, STOP_SIGNALS);
  if (settings.umask !== null) process.umask(settings.umask);
  process.title = settings.name === null ? 'tsunicorn: arbiter' : `tsunicorn: arbiter [${settings.name}]`;

  // Of what the hooks write.
  surviveStdio();
  const lineage = new Lineage(start, parent, queue);
  const following = new FollowingLog(openLog());
  const log = await lineage.logOf(loaded, following.log);
  goOn(log);
  await callStarting(loaded, log);
  await noteActivation(systemd, loaded, log);
  const pidfile = new PidfileOf(loaded, lineage.elder);
  const oomKills = new OomKills();
  const first = await firstGeneration(loaded, { privileges, pidfile, lineage, log, base });
  const notifier = await notifierFor(systemd, log);
  const development = await developmentOf(first, question, queue, log);
  const arbiter = new Arbiter({
    first,
    queue,
    log,
    clock: systemClock,
    spawn: (order) => spawnWorker(order, base()),
    random: Math.random,
    ...(notifier ? { observe: lineage.observing(notifier) } : {}),
    judgeKill: () => oomKills.judge(),
    development,
    reread: rereader(question, base, log),
    succession: lineage.succession(pidfile, notifier),
    promoted: (now, before) => {
      try {
        pidfile.follow(now.loaded);
      } catch (error) {
        log.error(messageOf(error));
      }
      following.follow(now, before);
    },
  });
  const running = arbiter.run();
  log.info(`Starting tsunicorn ${packageVersion()}`);
  log.info(`Using worker: ${classNameOf(settings)}`);
  const warning = warnsOfRoot(loaded);
  if (warning !== null) log.warning(warning);
  flushCompileCache();
  const status = await running;
  pidfile.remove(lineage.heir);
  log.info('Shutting down: arbiter');
  await following.close();
  return status;
}

type Data = Omit<Loaded, 'hooks'>;
/** The environment that each generation adds its own variables to. */
type Base = () => NodeJS.ProcessEnv;

// What is loaded only where it is asked for.

async function checkDebug(loaded: Data, base: NodeJS.ProcessEnv): Promise<void> {
  if (loaded.settings.debug) (await import('./development.ts')).refuseDebug(loaded, base);
}

async function developmentOf(first: Generation, question: ReadQuestion, queue: EventQueue, log: Logger) {
  const { reload, debug, reloadExtraFile } = first.loaded.settings;
  if (!reload && !debug && reloadExtraFile.length === 0) return null;
  const { develop } = await import('./development.ts');
  return develop(first, question, queue, log);
}

/** The arbiter goes on where nobody caught an error: what a worker wrote to the channel, for one, throws inside Node. */
function goOn(log: Logger): void {
  process.on('uncaughtException', (err) =>
    log.critical(
      'Uncaught in the arbiter, which goes on: a hook of the configuration, what an application wrote to descriptor 3, or a bug in tsunicorn',
      { err },
    ),
  );
}

interface Surroundings {
  readonly privileges: Privileges | null;
  readonly pidfile: PidfileOf;
  readonly lineage: Lineage;
  readonly log: Logger;
  readonly base: Base;
}

async function firstGeneration(loaded: Loaded, surroundings: Surroundings): Promise<Generation> {
  const { privileges, pidfile, lineage, log, base } = surroundings;
  try {
    const check = (bound: readonly Listener[]) => checkListeners(loaded, bound);
    const listeners = await lineage.bind(addressesOf(loaded), check, privileges?.identity);
    const nodeOptions = await nodeOptionsOf(loaded, base(), log);
    const scaling = await scalingOf(loaded);
    return { number: 1, loaded, hooks: loaded.hooks, listeners, privileges, nodeOptions, ...scaling };
  } catch (error) {
    pidfile.remove();
    throw error;
  }
}

async function noteActivation(systemd: SystemdVariables, loaded: Loaded, log: Logger): Promise<void> {
  if (systemd.LISTEN_FDS === undefined) return;
  const { activationNotice } = await import('../listeners/systemd.ts');
  const notice = activationNotice(systemd, loaded, process.pid);
  if (notice !== null) log.warning(notice);
}

/** What tells the service manager how we do, where one wants to hear of it. */
async function notifierFor(systemd: SystemdVariables, log: Logger): Promise<Notifier | null> {
  const { NOTIFY_SOCKET } = systemd;
  if (!NOTIFY_SOCKET) return null;
  const { createNotifier } = await import('../systemd/notifier.ts');
  return createNotifier({ ...systemd, NOTIFY_SOCKET }, log);
}

async function callStarting({ hooks, settings }: Loaded, log: Logger): Promise<void> {
  const { onStarting } = hooks;
  if (!onStarting) return;
  const view = { pid: process.pid, workers: settings.workers, generation: 1, log };
  await callHook(log, 'onStarting', () => onStarting(view));
}

/** Reads the settings in a child; only the arbiter's own hooks, if there are any, must be imported here again. */
function rereader(question: ReadQuestion, base: Base, log: Logger): ArbiterOptions['reread'] {
  let reads = 0;
  return async (signal) => {
    reads++;
    const loaded = await rereadSettings(question, signal);
    await checkLogs(loaded);
    await checkDebug(loaded, base());
    const privileges = await privilegesOf(loaded);
    // The first worker of the new generation opens them before the arbiter does.
    privileges?.makeLogs();
    const openLog = await logOpener(loaded, privileges);
    const ours = loaded.hookNames.some((name) => ARBITER_HOOKS.includes(name));
    const hooks = ours && loaded.configFile !== null ? await loadHooks(loaded.configFile, `${reads}`) : {};
    const nodeOptions = await nodeOptionsOf(loaded, base(), log);
    return { loaded, hooks, privileges, openLog, nodeOptions, ...(await scalingOf(loaded)) };
  };
}

/** Options of Node for the workers. */
async function nodeOptionsOf(
  { settings, environment }: Data,
  base: NodeJS.ProcessEnv,
  log: Logger,
): Promise<readonly string[]> {
  if (settings.workerHeap === null) return [];
  const { workerHeapOption } = await import('../arbiter/worker-heap.ts');
  const { megabytes, why } = workerHeapOption(settings, { ...base, ...environment });
  log.info(`Heap of each worker: ${why}`);
  return megabytes === null ? [] : [`--max-old-space-size=${megabytes}`];
}

/** Loaded only where it is asked for. */
async function scalingOf({ settings }: Data): Promise<Pick<Generation, 'scaling'>> {
  if (settings.workersMax === null) return {};
  const { Scaling } = await import('../arbiter/scaling.ts');
  return { scaling: new Scaling(settings, systemClock) };
}
