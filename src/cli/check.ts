import { addressesOf } from '../arbiter/generation.ts';
import { BootError, messageOf } from '../errors.ts';
import { checkLogfile } from '../log/logger.ts';
import type { Settings } from '../settings/catalogue.ts';
import { classNameOf } from '../settings/class-name.ts';
import type { Loaded, LoadedData } from '../settings/load.ts';
import { nameSetting } from '../settings/origin.ts';
import { logOpener } from './logs.ts';
import { privilegesOf } from './privileges.ts';

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
export async function check(loaded: Loaded): Promise<number> {
  process.chdir(loaded.settings.chdir);
  await checkLogs(loaded);
  await logOpener(loaded, await privilegesOf(loaded));
  addressesOf(loaded);
  if (loaded.settings.debug) (await import('./development.ts')).refuseDebug(loaded, process.env);
  try {
    const what = await load(loaded.settings);
    process.stdout.write(`The configuration is in order; ${loaded.settings.app}: ${what}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof BootError)) throw error;
    process.stderr.write(`tsunicorn: ${messageOf(error)}\n`);
    if (error.userStack) process.stderr.write(`${error.userStack}\n`);
    return error.exitStatus;
  }
}

/** Loads the application where its worker class would: in a thread some of Node is missing, and memory is limited. */
async function load(settings: Settings): Promise<string> {
  if (classNameOf(settings) === 'thread') {
    const { loadInThread } = await import('../../workers/thread/trial.ts');
    return loadInThread(settings);
  }
  const { loadApplication } = await import('../app/load.ts');
  const { what } = await loadApplication(settings.app ?? '', { cwd: process.cwd(), onError: () => {} });
  return what;
}
