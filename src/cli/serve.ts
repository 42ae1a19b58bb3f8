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
import { bindAll } from '../listeners/listener.ts';
import { holdFirstLines } from '../log/held-logger.ts';
import { createLogger, type Logger } from '../log/logger.ts';
import { createPidfile, type Pidfile } from '../pidfile.ts';
import { classNameOf } from '../settings/class-name.ts';
import { type Loaded, loadHooks } from '../settings/load.ts';
import { nameSetting } from '../settings/origin.ts';
import { type ReadQuestion, rereadSettings } from '../settings/reread.ts';
import { checkLogs } from './check.ts';
import { packageVersion } from './version.ts';

/** The first lines of the log wait this long, in milliseconds; a worker boots in less. */
const FIRST_LINES_MS = 100;

/** Binds, spawns and supervises until told to stop; resolves with the exit status. Throws a UsageError before that. */
export async function serve(loaded: Loaded, question: ReadQuestion, queue: EventQueue): Promise<number> {
  const { settings } = loaded;
  if (settings.app === null)
    throw new UsageError('no application was named; write for example: tsunicorn app.ts:app');
  checkLogs(loaded);
  await checkDebug(loaded);
  // From here on there is something to clean up, so stopping is the loop's to do.
  trapSignals(queue, STOP_SIGNALS);
  if (settings.umask !== null) process.umask(settings.umask);
  process.chdir(settings.chdir);
  process.title = settings.name === null ? 'tsunicorn: arbiter' : `tsunicorn: arbiter [${settings.name}]`;

  const log = holdFirstLines(loggerOf(loaded), FIRST_LINES_MS, systemClock);
  await callStarting(loaded, log);
  const pidfile = new PidfileOf(loaded);
  const oomKills = new OomKills();
  const first = await firstGeneration(loaded, pidfile);
  const development = await developmentOf(first, question, queue, log);
  const arbiter = new Arbiter({
    first,
    queue,
    log,
    clock: systemClock,
    spawn: spawnWorker,
    random: Math.random,
    judgeKill: () => oomKills.judge(),
    development,
    reread: rereader(question),
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
  pidfile.remove();
  log.info('Shutting down: arbiter');
  log.flush();
  return status;
}

type Data = Omit<Loaded, 'hooks'>;

// What development needs is loaded only there.

async function checkDebug(loaded: Data): Promise<void> {
  if (loaded.settings.debug) (await import('./development.ts')).refuseDebug(loaded);
}

async function developmentOf(first: Generation, question: ReadQuestion, queue: EventQueue, log: Logger) {
  const { reload, debug, reloadExtraFile } = first.loaded.settings;
  if (!reload && !debug && reloadExtraFile.length === 0) return null;
  const { develop } = await import('./development.ts');
  return develop(first, question, queue, log);
}

async function firstGeneration(loaded: Loaded, pidfile: PidfileOf): Promise<Generation> {
  try {
    return { number: 1, loaded, hooks: loaded.hooks, listeners: await bindAll(addressesOf(loaded)) };
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
function rereader(question: ReadQuestion): () => Promise<Reread> {
  let reads = 0;
  return async () => {
    reads++;
    const loaded = await rereadSettings(question);
    checkLogs(loaded);
    await checkDebug(loaded);
    const ours = loaded.hookNames.some((name) => ARBITER_HOOKS.includes(name));
    const hooks = ours && loaded.configFile !== null ? await loadHooks(loaded.configFile, `${reads}`) : {};
    return { loaded, hooks };
  };
}

function loggerOf({ settings }: Data): Logger {
  return createLogger({ level: settings.logLevel, format: settings.logFormat, file: settings.errorLogfile });
}

function sameLogs({ settings: a }: Data, { settings: b }: Data): boolean {
  return a.logLevel === b.logLevel && a.logFormat === b.logFormat && a.errorLogfile === b.errorLogfile;
}

/** The pidfile that the present settings ask for. */
class PidfileOf {
  #path: string | null = null;
  #file: Pidfile | null = null;

  constructor(loaded: Data) {
    this.follow(loaded);
  }

  /** Moves the file where a reload changed its path. */
  follow({ settings, origins }: Data): void {
    if (settings.pid === this.#path) return;
    const file = settings.pid === null ? null : createPidfile(nameSetting(origins.pid, 'pid'), settings.pid);
    this.remove();
    this.#path = settings.pid;
    this.#file = file;
  }

  remove(): void {
    this.#file?.remove();
  }
}
