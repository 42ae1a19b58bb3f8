import { spawn } from 'node:child_process';
import { addressesOf } from '../arbiter/change/generation.ts';
import { checkLogfile } from '../log/logger.ts';
import { withoutEffect } from '../settings/effects.ts';
import type { Loaded, LoadedData, SettingsInput } from '../settings/load.ts';
import { nameSetting } from '../settings/origin.ts';
import { withoutAdded } from '../settings/sources/added-environment.ts';
import { systemClock } from '../support/clock.ts';
import { BootError, messageOf } from '../support/errors.ts';
import { escapeControls, escapeLines } from '../support/text.ts';
import { logOpener } from './logs.ts';
import { nodeOptionsOf } from './optional.ts';
import { privilegesOf } from './privileges.ts';
import { tryApplication } from './trial.ts';

/** Refuses log files that cannot be written and formats that cannot be compiled, before anything is started. */
export async function checkLogs({ settings, origins }: LoadedData): Promise<void> {
  checkLogfile(nameSetting(origins.errorLogfile, 'error-logfile'), settings.errorLogfile);
  if (origins.accessLogformat.source !== 'default') {
    const { checkAccessFormat } = await import('../log/access-log.ts');
    checkAccessFormat(nameSetting(origins.accessLogformat, 'access-logformat'), settings.accessLogformat);
  }
  if (settings.accessLogfile !== null)
    checkLogfile(nameSetting(origins.accessLogfile, 'access-logfile'), settings.accessLogfile);
}

/** `--check-config`: the settings are loaded, so load the application too, and serve nothing. Resolves with the status. */
export async function check(loaded: Loaded, input: SettingsInput): Promise<number> {
  process.chdir(loaded.settings.chdir);
  await checkLogs(loaded);
  const privileges = await privilegesOf(loaded, input);
  await logOpener(loaded, privileges);
  addressesOf(loaded);
  if (loaded.settings.debug) (await import('./development.ts')).refuseDebug(loaded, process.env);
  try {
    const base = withoutAdded(process.env, loaded.environment, input.env);
    const nodeOptions = await nodeOptionsOf(loaded, base, input.cwd, () => {});
    const trial = { generation: { loaded, privileges, ...nodeOptions }, slot: 0 };
    const what = await tryApplication(trial, { spawn, clock: systemClock, base });
    for (const { line } of withoutEffect(loaded))
      process.stderr.write(`tsunicorn: ${escapeControls(line)}\n`);
    const inOrder = `The configuration is in order; ${loaded.settings.app}: ${what}`;
    process.stdout.write(`${escapeControls(inOrder)}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof BootError)) throw error;
    process.stderr.write(`tsunicorn: ${escapeControls(messageOf(error))}\n`);
    if (error.userStack) process.stderr.write(`${escapeLines(error.userStack)}\n`);
    return error.exitStatus;
  }
}
