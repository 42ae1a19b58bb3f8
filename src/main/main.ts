import { CONTROL_SIGNALS, EventQueue, leaveStopsToKernel, trapSignals } from '../arbiter/events.ts';
import { takeParent } from '../process/parent.ts';
import { readStart } from '../process/start.ts';
import { type SystemdVariables, takeVariables } from '../process/systemd/variables.ts';
import type { Address } from '../settings/address.ts';
import { loadSettings } from '../settings/load.ts';
import { systemClock } from '../support/clock.ts';
import { messageOf, UsageError } from '../support/errors.ts';
import { escapeControls, escapeLines } from '../support/text.ts';
import { parseArguments } from './options.ts';
import { refuseVerb } from './verbs.ts';

/**
 * The whole command: argv → settings → arbiter. Resolves with the exit status; whatever the operator got wrong is one
 * line on stderr. `allLoaded` is called when none of our own files will be imported in a hurry any more.
 */
export async function main(argv: readonly string[], allLoaded: () => void): Promise<number> {
  const queue = new EventQueue(systemClock);
  // What must not end the arbiter while it starts waits in the queue; a stop has nothing to clean up yet and may.
  trapSignals(queue, CONTROL_SIGNALS);
  leaveStopsToKernel();
  const parent = takeParent(process.env);
  // As it was when we were started: a reload and an upgrade begin from the same.
  const start = readStart(argv);
  // Before anything is started or imported that would see them.
  const systemd = takeVariables(process.env);
  try {
    const input = {
      argv,
      env: { ...process.env },
      cwd: start.cwd,
      sockets: await socketsFrom(systemd),
    };
    const applyEnvironment = (added: Readonly<Record<string, string>>) =>
      void Object.assign(process.env, added);
    const loaded = await loadSettings({ ...input, parse: parseArguments, applyEnvironment });
    await refuseVerb(loaded.settings.app ?? '', loaded.settings.chdir);
    if (loaded.settings.printConfig) {
      const { renderConfig } = await import('./print-config.ts');
      process.stdout.write(renderConfig(loaded));
      return 0;
    }
    if (loaded.settings.checkConfig) {
      const { check } = await import('./check.ts');
      return await check(loaded, input);
    }
    if (loaded.settings.daemon && parent === null) {
      const { daemonise } = await import('./daemon.ts');
      return await daemonise(loaded, start);
    }
    const { serve } = await import('./serve.ts');
    return await serve(loaded, { start, input, parent, systemd, queue, allLoaded });
  } catch (error) {
    return fail(error);
  }
}

/** Sockets that were bound for us before we started. Throws a UsageError. */
async function socketsFrom(systemd: SystemdVariables): Promise<readonly Address[]> {
  if (systemd.LISTEN_FDS === undefined) return [];
  const { passedSockets } = await import('../process/systemd/activation.ts');
  return passedSockets(systemd, process.pid);
}

function fail(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`tsunicorn: ${escapeControls(messageOf(error))}\n`);
  } else {
    const stack = error instanceof Error ? error.stack : String(error);
    process.stderr.write(
      `tsunicorn: this is a bug in tsunicorn, please report it\n${escapeLines(String(stack))}\n`,
    );
  }
  return 1;
}
