import { Arbiter } from '../arbiter/arbiter.ts';
import type { Generation, Prepared } from '../arbiter/change/generation.ts';
// Imported at start and not at an upgrade: by then another version may have replaced these files.
import { newArbiters } from '../arbiter/change/new-arbiter.ts';
import type { EventQueue } from '../arbiter/events.ts';
import type { ArbiterOptions } from '../arbiter/options.ts';
import { OomKills } from '../arbiter/workers/oom-kills.ts';
import { HandedLogs } from '../control/hand-logs.ts';
import type { Journal } from '../control/journal.ts';
import { RecentAnswers } from '../control/recent-answers.ts';
import { bindAll } from '../listeners/bind.ts';
import type { Listener } from '../listeners/listener.ts';
import type { RecordLog } from '../log/records.ts';
import type { WorkerRings } from '../log/ring/worker-rings.ts';
import type { CounterStore } from '../metrics/store.ts';
import type { Spawn } from '../process/child.ts';
import { flushCompileCache } from '../process/compile-cache.ts';
import {
  explainMissing,
  packageVersion,
  presentInstallation,
  requireInstallation,
} from '../process/installation.ts';
import { importFrom } from '../process/moved-imports.ts';
import type { FollowingPidfile } from '../process/pidfile.ts';
import { signalGroup } from '../process/process-group.ts';
import { isStopped } from '../process/process-state.ts';
import { presentCwd, type Start } from '../process/start.ts';
import type { Observe } from '../process/status.ts';
import type { Notifier } from '../process/systemd/notifier.ts';
import type { SystemdVariables } from '../process/systemd/variables.ts';
import { classNameOf } from '../settings/class-name.ts';
import { questionable, type Remark, warnsOfRoot, withoutRestart } from '../settings/effects.ts';
import { ARBITER_HOOKS, type Hooks } from '../settings/hooks.ts';
import { type LoadedData, loadHooks, type SettingsInput } from '../settings/load.ts';
import { callWithin } from '../support/call-within.ts';
import { backgroundClock, systemClock } from '../support/clock.ts';
import { messageOf } from '../support/errors.ts';
import { type Control, controlledBy, openControl } from './control.ts';
import type { Lineage } from './lineage.ts';
import type { FollowingLog } from './logs.ts';
import { lostLines } from './lost-lines.ts';
import { adminOf, countedLog, pageOf, pusherOf } from './observed.ts';
import type { OwnProcess } from './own-process.ts';
import { checkSettings, prepareGeneration } from './prepare.ts';
import { readSettings } from './read-settings.ts';

/** A service whose sockets are bound and whose first worker may have been started. */
export interface Bound extends Pick<ArbiterOptions, 'first' | 'spawn' | 'queue' | 'log'> {
  /** Starts processes of any kind. */
  readonly spawnProcess: Spawn;
  readonly input: SettingsInput;
  readonly systemd: SystemdVariables;
  readonly start: Start;
  readonly own: Pick<OwnProcess, 'base' | 'adopt' | 'within'>;
  readonly following: FollowingLog;
  readonly lineage: Lineage;
  readonly pidfile: FollowingPidfile;
  /** Null where nobody asks for figures. */
  readonly counters: CounterStore | null;
  readonly rings: WorkerRings | null;
  /** The sockets of --admin-bind. */
  readonly adminListeners: readonly Listener[];
  /** The control socket that the service asks for; null where that is none. */
  readonly control: Control | null;
  /** Null where nobody can ask what happened. */
  readonly journal: Journal | null;
  /** The descriptor of the history that an old arbiter has kept; null where there is none. */
  readonly history: number | null;
  /** Called after each turn of the loop, as a notifier is. */
  readonly observe?: Observe;
  /** Hooks that are in no configuration file, when a reload reads the settings. */
  readonly ownHooks?: () => Hooks;
}

/** Supervises until told to stop; resolves with the exit status. */
export async function supervise(bound: Bound): Promise<number> {
  const { first, queue, lineage, pidfile, following, counters, adminListeners, journal } = bound;
  const log = await countedLog(bound.log, following, counters, first.loaded.settings);
  const notifier = await notifierFor(bound, log);
  let serving = first;
  const service =
    journal &&
    controlledBy({
      ...{ journal, queue, counters, rings: bound.rings, oldArbiter: lineage.oldArbiter },
      answers: counters && new RecentAnswers(counters, () => systemClock.now(), journal.ended),
      serving: () => serving,
      arbiter: () => arbiter,
      start: bound.start,
    });
  const page = await pageOf({ service, counters, handed: bound.history, log });
  const admin = await adminOf({ counters, listeners: adminListeners, serving: () => serving, log, page });
  const control = await openControl(bound.control, service, log);
  const pusher = await pusherOf({ counters, serving: () => serving });
  const oomKills = new OomKills(systemClock);
  const arbiter: Arbiter = new Arbiter({
    first,
    queue,
    log,
    clock: systemClock,
    spawn: bound.spawn,
    random: Math.random,
    observe: toAll(
      [admin, control ?? journal, pusher],
      bound.observe ?? (notifier && lineage.observing(notifier)),
    ),
    judgeKill: () => oomKills.judge(),
    isStopped,
    system: { spawn: bound.spawnProcess, signalGroup, wallMs: Date.now },
    lost: lostLines(following),
    setLogLevel: (level) => following.setLevel(level),
    development: await developmentOf(first, bound.input, queue, log),
    bindAll,
    callWithin,
    prepare: preparation(bound, log, () => serving),
    upgrade: lineage.upgradeOptions({
      ...{ pidfile, notifier, counters, adminListeners, page, control: control?.path ?? null },
      logs: journal && bound.rings && new HandedLogs(journal, bound.rings),
      ...(journal ? { deaths: journal.handOver } : {}),
      ticketKeys: () => serving.tls?.ticketKeys ?? null,
      newArbiters: newArbiters(bound.spawnProcess),
    }),
    promoted: (now, before) => {
      serving = now;
      before.tls?.end();
      beginTls(now, queue, log);
      applyToProcess(now, before, bound);
    },
  });
  const running = arbiter.run();
  announce(first, log);
  beginTls(first, queue, log);
  flushCompileCache();
  const status = await running;
  serving.tls?.end();
  page?.close();
  admin?.close();
  await pusher?.close();
  pidfile.remove(arbiter.newArbiter);
  log.info('Shutting down: arbiter', { event: 'stopped', exitStatus: status });
  await control?.close();
  await following.close();
  return status;
}

/** From now on the certificates of this generation are followed. */
function beginTls({ tls, number }: Generation, queue: EventQueue, log: RecordLog): void {
  tls?.begin({
    send: (change, to) => queue.push({ type: 'tls', change, generation: to === 'all' ? null : number }),
    log,
    clock: backgroundClock,
    wallMs: Date.now,
  });
}

/** Tells all of the status, where they are. */
function toAll(own: readonly (Pick<Journal, 'observe'> | null)[], notify: Observe | null): Observe {
  return (status) => {
    for (const one of own) one?.observe(status);
    return notify?.(status) ?? Infinity;
  };
}

/** Applies a new generation to the arbiter's own process. What fails is logged, and the rest is still done. */
function applyToProcess(
  now: Generation,
  before: Generation,
  { pidfile, following, own, log: logger }: Bound,
): void {
  const log: RecordLog = logger;
  try {
    pidfile.follow(now.loaded);
  } catch (error) {
    const reason = messageOf(error);
    log.error(reason, { event: 'pidfile-failed', reason });
  }
  following.follow(now, before);
  try {
    own.adopt(now.loaded);
  } catch (error) {
    const { chdir } = now.loaded.settings;
    const reason = messageOf(error);
    log.error(`The arbiter cannot enter ${chdir}: ${reason}`, {
      event: 'chdir-failed',
      reason,
      file: chdir,
    });
  }
}

const NO_TLS =
  'The hook sslContext is not called, as no client speaks TLS; name a certificate with --certfile';

function announce({ loaded }: Generation, log: RecordLog): void {
  const version = packageVersion();
  log.info(`Starting tsunicorn ${version}`, { event: 'starting', version });
  const name = classNameOf(loaded.settings);
  log.info(`Using worker: ${name}`, { event: 'worker-class', class: name });
  const warning = warnsOfRoot(loaded);
  if (warning !== null) log.warning(warning, { event: 'settings-questionable', reason: warning });
  sayRemarks(questionable(loaded), log);
  if (loaded.hookNames.includes('sslContext') && loaded.settings.certfile.length === 0)
    log.warning(NO_TLS, { event: 'settings-questionable', reason: NO_TLS });
}

async function developmentOf(first: Generation, input: SettingsInput, queue: EventQueue, log: RecordLog) {
  const { reload, debug } = first.loaded.settings;
  if (!reload && !debug) return null;
  const { develop } = await import('./development.ts');
  return develop(first, input, queue, log);
}

/** The notifier of the service manager; null where NOTIFY_SOCKET is not set. */
async function notifierFor({ systemd, input }: Bound, log: RecordLog): Promise<Notifier | null> {
  const { NOTIFY_SOCKET } = systemd;
  if (!NOTIFY_SOCKET) return null;
  const { createNotifier } = await import('../process/systemd/notifier.ts');
  return createNotifier({ ...systemd, NOTIFY_SOCKET, PATH: input.env.PATH }, log);
}

function sayRemarks(remarks: readonly Remark[], log: RecordLog): void {
  for (const { setting, line } of remarks)
    log.warning(line, { event: 'settings-questionable', setting, reason: line });
}

/** The first step of a reload: a child reads the settings, which are checked as at a start. */
function preparation(bound: Bound, log: RecordLog, serving: () => Generation): ArbiterOptions['prepare'] {
  const { start, input, own, spawnProcess } = bound;
  // Read now: at a reload the installation may be gone.
  const version = packageVersion();
  let reads = 0;
  let endImports = () => {};
  const prepare = async (signal: AbortSignal): Promise<Prepared> => {
    reads++;
    // Symbolic links are followed again, as each release may have its own directory.
    const cwd = presentCwd(start);
    const installation = presentInstallation(start, version);
    endImports();
    endImports = importFrom(installation);
    const options = { spawn: spawnProcess, clock: systemClock, installation };
    const asRead = await readSettings({ ...input, cwd }, signal, options);
    const { loaded, remarks } = withoutRestart(asRead, bound.first.loaded.settings);
    // The log files may have been rotated to files that the workers' user cannot write: no reason to refuse a reload.
    serving().privileges?.makeLogs(log);
    const checked = await checkSettings(loaded, { ...input, cwd, installation }, own);
    // A superseded reload must not create files or run hooks.
    signal.throwIfAborted();
    // Now, as the first worker of the new generation opens the log files before the arbiter does.
    checked.privileges?.makeLogs(log);
    // The code for a log format is imported with its first line, so the files must still be there.
    if (loaded.settings.logFormat !== bound.first.loaded.settings.logFormat) requireInstallation();
    const hooks = { ...(await hooksOf(loaded, own, `${reads}`, cwd)), ...bound.ownHooks?.() };
    const prepared = await prepareGeneration(checked, hooks, log, serving().tls?.ticketKeys ?? null);
    sayRemarks([...remarks, ...questionable(loaded)], log);
    return { ...prepared, installation, cwd };
  };
  return (signal) => prepare(signal).catch((error: unknown) => Promise.reject(explainMissing(error)));
}

/** Imports the arbiter's own hooks again, with a new `cacheKey`; the workers import theirs themselves. */
async function hooksOf(loaded: LoadedData, own: Bound['own'], cacheKey: string, cwd: string): Promise<Hooks> {
  const { configFile, hookNames, profile } = loaded;
  if (configFile === null || !hookNames.some((name) => ARBITER_HOOKS.includes(name))) return {};
  return own.within(loaded, () => loadHooks(configFile, cacheKey, cwd, profile));
}
