import { askChild } from '../process/ask.ts';
import type { Spawn } from '../process/child.ts';
import { fileIn, type Installation, ownInstallation } from '../process/installation.ts';
import { withoutInspector } from '../process/node-options.ts';
import { ofScripts } from '../process/script-options.ts';
import type { LoadedData, SettingsInput } from '../settings/load.ts';
import type { Clock } from '../support/clock.ts';
import { UsageError } from '../support/errors.ts';

/** What the child that reads the settings answers. */
export type ReadAnswer = { readonly loaded: LoadedData } | { readonly refused: string };

// Longer than loadSettings() allows an import: only a config file that blocks its event loop reaches this limit.
const LIMIT_MS = 35_000;

/** How the child is started and timed. */
export interface ReadOptions {
  readonly spawn: Spawn;
  readonly clock: Clock;
  /** The installation whose reader is run; absent for our own. */
  readonly installation?: Installation;
}

/**
 * Loads the settings again in a child process: imported modules cannot be unloaded, so reading them here would grow the
 * arbiter with every reload, and would not see what the config file itself imports. Rejects with a UsageError.
 * Aborting `signal` kills the child.
 */
export async function readSettings(
  input: SettingsInput,
  signal: AbortSignal,
  { spawn, clock, installation = ownInstallation }: ReadOptions,
): Promise<LoadedData> {
  const reader = fileIn(installation, 'src/main/settings-reader');
  const { execArgv, environment } = withoutInspector(ofScripts(process.execArgv), input.env);
  const outcome = await askChild<ReadAnswer>({
    spawn,
    clock,
    child: {
      command: [process.execPath, ...execArgv, reader],
      cwd: input.cwd,
      env: { ...input.env, ...environment },
      detached: true,
      signal,
      killSignal: 'SIGKILL',
    },
    question: input,
    limitMs: LIMIT_MS,
  });
  switch (outcome.how) {
    case 'answered':
      if ('refused' in outcome.answer) throw new UsageError(outcome.answer.refused);
      return outcome.answer.loaded;
    case 'unstarted':
      throw unread(outcome.why);
    case 'overdue':
      throw unread(`the process that reads it did not finish within ${LIMIT_MS / 1000} s`);
    case 'ended':
      throw unread(`the process that reads it ended with ${outcome.signal ?? outcome.status}`);
  }
}

function unread(why: string): UsageError {
  return new UsageError(`the configuration could not be read: ${why}`);
}
