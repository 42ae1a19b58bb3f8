import { Arbiter } from '../arbiter/arbiter.ts';
import { type EventQueue, STOP_SIGNALS, trapSignals } from '../arbiter/events.ts';
import { addressesOf, checkListeners, type Generation } from '../arbiter/generation.ts';
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
import type { Notifier } from '../systemd/notifier.ts';
import type { SystemdVariables } from '../systemd/variables.ts';
import { checkLogs } from './check.ts';
import { packageVersion } from './version.ts';

/** The first lines of the log wait this long, in milliseconds; a worker boots in less. */
const FIRST_LINES_MS = 100;

/** Binds, spawns and supervises until told to stop; resolves with the exit status. Throws a UsageError before that. */
export async function serve(
  loaded: Loaded,
  question: ReadQuestion,
  queue: EventQueue,
  systemd: SystemdVariables,
): Promise<number> {
  const { settings } = loaded;
  if (settings.app === null)
    throw new UsageError('no application was named; write for example: tsunicorn app.ts:app');
  checkLogs(loaded);
  // From here on there is something to clean up, so stopping is the loop's to do.
  trapSignals(queue, STOP_SIGNALS);
  if (settings.umask !== null) process.umask(settings.umask);
  process.chdir(settings.chdir);
  process.title = settings.name === null ? 'tsunicorn: arbiter' : `tsunicorn: arbiter [${settings.name}]`;

  const log = holdFirstLines(loggerOf(loaded), FIRST_LINES_MS, systemClock);
  await callStarting(loaded, log);
  await noteActivation(systemd, loaded, log);
  const pidfile = new PidfileOf(loaded);
  const oomKills = new OomKills();
  const first = await firstGeneration(loaded, pidfile);
  const notifier = await notifierFor(systemd, log);
  const arbiter = new Arbiter({
    first,
    queue,
    log,
    clock: systemClock,
    spawn: spawnWorker,
    random: Math.random,
    ...(notifier ? { observe: notifier.observe } : {}),
    judgeKill: () => oomKills.judge(),
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

async function firstGeneration(loaded: Loaded, pidfile: PidfileOf): Promise<Generation> {
  try {
    const listeners = await bindAll(addressesOf(loaded), (bound) => checkListeners(loaded, bound));
    return { number: 1, loaded, hooks: loaded.hooks, listeners };
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
function rereader(question: ReadQuestion): () => Promise<Reread> {
  let reads = 0;
  return async () => {
    reads++;
    const loaded = await rereadSettings(question);
    checkLogs(loaded);
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
