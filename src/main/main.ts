import { CONTROL_SIGNALS, EventQueue, leaveStopsToKernel, trapSignals } from '../arbiter/events.ts';
import { codeOfMessage, withCode } from '../explain/code.ts';
import { takeParent } from '../process/parent.ts';
import { readStart } from '../process/start.ts';
import { type SystemdVariables, takeVariables } from '../process/systemd/variables.ts';
import type { Address } from '../settings/address.ts';
import { loadSettings } from '../settings/load.ts';
import { systemClock } from '../support/clock.ts';
import { messageOf, UsageError } from '../support/errors.ts';
import { escapeControls, escapeLines } from '../support/text.ts';
import { parseArguments } from './options.ts';
import type { ServeOptions } from './serve.ts';
import { isControl, isTool, refuseVerb } from './verbs.ts';

/**
 * The whole command: argv → settings → arbiter. Resolves with the exit status; a mistake of the operator is one line
 * on stderr. `allLoaded` is called when the code of the arbiter has been loaded.
 */
export async function main(argv: readonly string[], allLoaded: () => void): Promise<number> {
  const queue = new EventQueue(systemClock);
  // These signals must not end the arbiter while it starts: they wait in the queue. A stop may, as there is nothing to clean up.
  trapSignals(queue, CONTROL_SIGNALS);
  leaveStopsToKernel();
  const parent = takeParent(process.env);
  // Before anything changes: a reload and an upgrade start from the same state.
  const start = readStart(argv);
  // Before anything that would see them is started or imported.
  const systemd = takeVariables(process.env);
  try {
    const input = {
      argv,
      env: { ...process.env },
      cwd: start.cwd,
      sockets: await socketsFrom(systemd),
    };
    return await run({ start, input, parent, systemd, queue, allLoaded });
  } catch (error) {
    return await fail(error);
  }
}

/** Loads the settings and does what they ask for: print them, check them, start a daemon, or serve. */
async function run(options: ServeOptions): Promise<number> {
  const { start, input, parent } = options;
  if (isTool(input.argv)) return (await import('./tools.ts')).runTool(input);
  if (await isControl(input.argv, input.cwd)) return (await import('../ctl/main.ts')).main(input.argv);
  const applyEnvironment = (added: Readonly<Record<string, string>>) =>
    void Object.assign(process.env, added);
  const loaded = await loadSettings({ ...input, parse: parseArguments, applyEnvironment });
  const { settings } = loaded;
  await refuseVerb(settings.app ?? '', settings.chdir);
  if (settings.printConfig) {
    const { renderConfig } = await import('./print-config.ts');
    process.stdout.write(renderConfig(loaded));
    return 0;
  }
  if (settings.checkConfig) {
    const { check } = await import('./check.ts');
    return check(loaded, input);
  }
  if (settings.daemon && parent === null) {
    const { daemonise } = await import('./daemon.ts');
    return daemonise(loaded, start);
  }
  const { serve } = await import('./serve.ts');
  return serve(loaded, options);
}

/** The sockets that systemd bound and passed to this process. Throws a UsageError. */
async function socketsFrom(systemd: SystemdVariables): Promise<readonly Address[]> {
  if (systemd.LISTEN_FDS === undefined) return [];
  const { passedSockets } = await import('../process/systemd/activation.ts');
  return passedSockets(systemd, process.pid);
}

async function fail(error: unknown): Promise<number> {
  if (error instanceof UsageError) {
    const message = messageOf(error);
    const line = withCode(message, await codeOfMessage(message));
    process.stderr.write(`tsunicorn: ${escapeControls(line)}\n`);
  } else {
    const stack = error instanceof Error ? error.stack : String(error);
    process.stderr.write(
      `tsunicorn: this is a bug in tsunicorn, please report it\n${escapeLines(String(stack))}\n`,
    );
  }
  return 1;
}
