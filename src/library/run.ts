import { resolve } from 'node:path';
import { type ArbiterSignal, EventQueue, STOP_SIGNALS } from '../arbiter/events.ts';
import type { OpenLog } from '../log/logger.ts';
import { tapped } from '../log/tap.ts';
import { Lineage } from '../main/lineage.ts';
import { checkSettings } from '../main/prepare.ts';
import { runService } from '../main/service.ts';
import { PARENT_VARIABLE } from '../process/parent.ts';
import { takeVariables } from '../process/systemd/variables.ts';
import type { Settings } from '../settings/catalogue/catalogue.ts';
import { type Loaded, loadSettings, type SettingsInput } from '../settings/load.ts';
import { servesNothing } from '../settings/mounts.ts';
import { nameSetting } from '../settings/origin.ts';
import { splitCode } from '../settings/sources/code.ts';
import { systemClock } from '../support/clock.ts';
import { UsageError } from '../support/errors.ts';
import type { Begun, RunOptions } from './options.ts';

/** Begins a service in this process, of which it changes nothing that `options` do not ask for. */
export function begin(run: RunOptions): Begun {
  const queue = new EventQueue(systemClock);
  const release = run.options.signals === true ? handSignals(queue) : () => {};
  return {
    ask: (command) => queue.push({ type: 'asked', command }),
    ended: start(queue, run).finally(release),
  };
}

async function start(queue: EventQueue, { settings, options, took, observe }: RunOptions): Promise<number> {
  const cwd = resolve(options.cwd ?? process.cwd());
  const env = environment();
  const input: SettingsInput = {
    argv: [],
    env,
    cwd,
    // Read again at each reload.
    get code() {
      return { settings: splitCode(settings()).settings, config: options.config ?? null };
    },
  };
  const fromFile = await loadSettings({ ...input, parse: () => ({}), applyEnvironment: () => {} });
  const ownHooks = () => splitCode(settings()).hooks;
  const loaded: Loaded = { ...fromFile, hooks: { ...fromFile.hooks, ...ownHooks() } };
  refuseProcessWide(loaded);
  const own = ownPart(options.title === true);
  const checked = await checkSettings(loaded, input, own);
  own.adopt(loaded);
  const begun = { argv: [], env, cwd, namedCwd: cwd };
  let opened: OpenLog | null = null;
  const openLog = () => {
    opened = checked.openLog();
    return opened;
  };
  const running = runService(
    loaded,
    { ...checked, openLog },
    {
      queue,
      input,
      systemd: {},
      start: begun,
      own,
      lineage: new Lineage(begun, null, queue),
      ownHooks,
      observe(status) {
        observe(status);
        return Infinity;
      },
      parent: null,
      asker: null,
      logOf: (log) => tapped(log, took),
      logs: () => {},
      begins: () => {},
      allLoaded: () => {},
    },
  );
  return running.catch(async (error: unknown) => {
    // The command would end with its log open.
    await opened?.close();
    throw error;
  });
}

/** What a service has of a process that is not its own: the environment as it is, and the title where that is asked for. */
function ownPart(takesTitle: boolean) {
  return {
    get base() {
      return environment();
    },
    adopt({ settings: { name } }: { readonly settings: Pick<Settings, 'name'> }) {
      if (takesTitle) process.title = name === null ? 'tsunicorn: arbiter' : `tsunicorn: arbiter [${name}]`;
    },
    within: <Result>(_loaded: unknown, load: () => Promise<Result>) => load(),
  };
}

/** This process's environment, without what a service manager or an arbiter told this process alone. */
function environment(): NodeJS.ProcessEnv {
  const { [PARENT_VARIABLE]: _parent, ...env } = process.env;
  takeVariables(env);
  return env;
}

/** Refuses what would change the process of the program. */
function refuseProcessWide({ settings, origins }: Loaded): void {
  if (servesNothing(settings))
    throw new UsageError(
      "createService(): app: it is missing; write for example createService({ app: 'app.ts:app' })",
    );
  const refused = settings.daemon ? 'daemon' : settings.umask === null ? null : 'umask';
  if (refused === null) return;
  const cure = refused === 'daemon' ? 'use the command' : 'call process.umask() in the program';
  throw new UsageError(
    `${nameSetting(origins[refused], refused)}: it would change the process of the program that creates the service; ${cure}`,
  );
}

const SIGNALS: readonly ArbiterSignal[] = [...STOP_SIGNALS, 'SIGHUP', 'SIGUSR1', 'SIGTTIN', 'SIGTTOU'];

/** Hands the signals of this process to the service; returns what ends that. */
function handSignals(queue: EventQueue): () => void {
  const handlers = SIGNALS.map((signal) => [signal, () => queue.push({ type: 'signal', signal })] as const);
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}
