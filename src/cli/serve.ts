import { Arbiter } from '../arbiter/arbiter.ts';
import { type EventQueue, STOP_SIGNALS, trapSignals } from '../arbiter/events.ts';
import { addressesOf, type Generation } from '../arbiter/generation.ts';
import { OomKills } from '../arbiter/oom-kills.ts';
import type { Reread } from '../arbiter/reload.ts';
import { spawnWorker } from '../arbiter/worker-handle.ts';
import { callHook } from '../call-hook.ts';
import { systemClock } from '../clock.ts';
import { flushCompileCache } from '../compile-cache.ts';
import { messageOf, UsageError } from '../errors.ts';
import { ARBITER_HOOKS } from '../hooks.ts';
import { createLogger, type Logger } from '../log/logger.ts';
import type { Parent } from '../parent.ts';
import { classNameOf } from '../settings/class-name.ts';
import { type Loaded, loadHooks } from '../settings/load.ts';
import { type ReadQuestion, rereadSettings } from '../settings/reread.ts';
import type { Start } from '../start.ts';
import { checkLogs } from './check.ts';
import { Lineage } from './lineage.ts';
import { PidfileOf } from './pidfile-of.ts';
import { packageVersion } from './version.ts';

export interface ServeOrder {
  readonly start: Start;
  /** The tsunicorn process that started this one, if one did. */
  readonly parent: Parent | null;
  readonly queue: EventQueue;
}

/** Binds, spawns and supervises until told to stop; resolves with the exit status. Throws a UsageError before that. */
export async function serve(loaded: Loaded, { start, parent, queue }: ServeOrder): Promise<number> {
  const { settings } = loaded;
  if (settings.app === null)
    throw new UsageError('no application was named; write for example: tsunicorn app.ts:app');
  process.chdir(settings.chdir);
  checkLogs(loaded);
  // From here on there is something to clean up, so stopping is the loop's to do.
  trapSignals(queue, STOP_SIGNALS);
  if (settings.umask !== null) process.umask(settings.umask);
  process.title = settings.name === null ? 'tsunicorn: arbiter' : `tsunicorn: arbiter [${settings.name}]`;

  const lineage = new Lineage(start, parent, queue);
  const log = await lineage.logOf(loaded, loggerOf(loaded));
  await callStarting(loaded, log);
  const pidfile = new PidfileOf(loaded, lineage.elder);
  const oomKills = new OomKills();
  const first = await firstGeneration(loaded, { pidfile, lineage, log });
  const arbiter = new Arbiter({
    first,
    queue,
    log,
    clock: systemClock,
    spawn: spawnWorker,
    random: Math.random,
    judgeKill: () => oomKills.judge(),
    reread: rereader(start, log),
    succession: lineage.succession(pidfile),
    promoted: ({ loaded: now }, { loaded: before }) => {
      try {
        pidfile.follow(now);
      } catch (error) {
        log.error(messageOf(error));
      }
      return sameLogs(now, before) ? null : loggerOf(now);
    },
  });
  const running = arbiter.run();
  log.info(`Starting tsunicorn ${packageVersion()}`);
  log.info(`Using worker: ${classNameOf(settings)}`);
  flushCompileCache();
  const status = await running;
  pidfile.remove(lineage.heir);
  log.info('Shutting down: arbiter');
  log.flush();
  return status;
}

type Data = Omit<Loaded, 'hooks'>;

async function firstGeneration(
  loaded: Loaded,
  { pidfile, lineage, log }: { pidfile: PidfileOf; lineage: Lineage; log: Logger },
): Promise<Generation> {
  try {
    const listeners = await lineage.bind(addressesOf(loaded));
    const nodeOptions = await nodeOptionsOf(loaded, log);
    return { number: 1, loaded, hooks: loaded.hooks, listeners, nodeOptions };
  } catch (error) {
    pidfile.remove();
    throw error;
  }
}

async function callStarting({ hooks, settings }: Loaded, log: Logger): Promise<void> {
  const { onStarting } = hooks;
  if (!onStarting) return;
  const view = { pid: process.pid, workers: settings.workers, generation: 1, log };
  await callHook(log, 'onStarting', () => onStarting(view));
}

/** Reads the settings in a child; only the arbiter's own hooks, if there are any, must be imported here again. */
function rereader(question: ReadQuestion, log: Logger): () => Promise<Reread> {
  let reads = 0;
  return async () => {
    reads++;
    const loaded = await rereadSettings(question);
    checkLogs(loaded);
    const ours = loaded.hookNames.some((name) => ARBITER_HOOKS.includes(name));
    const hooks = ours && loaded.configFile !== null ? await loadHooks(loaded.configFile, `${reads}`) : {};
    return { loaded, hooks, nodeOptions: await nodeOptionsOf(loaded, log) };
  };
}

/** Options of Node for the workers. */
async function nodeOptionsOf({ settings, environment }: Data, log: Logger): Promise<readonly string[]> {
  if (settings.workerHeap === null) return [];
  const { workerHeapOption } = await import('../arbiter/worker-heap.ts');
  const { megabytes, why } = workerHeapOption(settings, { ...process.env, ...environment });
  log.info(`Heap of each worker: ${why}`);
  return megabytes === null ? [] : [`--max-old-space-size=${megabytes}`];
}

function loggerOf({ settings }: Data): Logger {
  return createLogger({ level: settings.logLevel, format: settings.logFormat, file: settings.errorLogfile });
}

function sameLogs({ settings: a }: Data, { settings: b }: Data): boolean {
  return a.logLevel === b.logLevel && a.logFormat === b.logFormat && a.errorLogfile === b.errorLogfile;
}
