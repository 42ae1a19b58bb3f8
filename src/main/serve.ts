import { type EventQueue, trapStops } from '../arbiter/events.ts';
import type { RecordLog } from '../log/records.ts';
import type { Parent } from '../process/parent.ts';
import type { Start } from '../process/start.ts';
import { surviveStdio } from '../process/stdio.ts';
import type { SystemdVariables } from '../process/systemd/variables.ts';
import type { Loaded, SettingsInput } from '../settings/load.ts';
import { servesNothing } from '../settings/mounts.ts';
import { UsageError } from '../support/errors.ts';
import type { Logger } from '../support/logger.ts';
import { Lineage } from './lineage.ts';
import { OwnProcess } from './own-process.ts';
import { checkSettings } from './prepare.ts';
import { runService } from './service.ts';

export interface ServeOptions {
  readonly start: Start;
  readonly input: SettingsInput;
  /** The tsunicorn process that started this one, if one did. */
  readonly parent: Parent | null;
  readonly systemd: SystemdVariables;
  readonly queue: EventQueue;
  /** To be called when the code of the arbiter has been loaded. */
  readonly allLoaded: () => void;
}

/**
 * Runs the service in this process, which becomes its arbiter in every respect: title, directory, environment, signals.
 * Resolves with the exit status. Throws a UsageError before anything is served.
 */
export async function serve(loaded: Loaded, options: ServeOptions): Promise<number> {
  const { start, input, parent, systemd, queue, allLoaded } = options;
  const { settings } = loaded;
  if (servesNothing(settings))
    throw new UsageError((await import('./next-step.ts')).nextStep(settings.chdir));
  const own = new OwnProcess(input.env, loaded);
  const checked = await checkSettings(loaded, input, own);
  if (settings.umask !== null) process.umask(settings.umask);
  own.rename(loaded);
  // Hooks may write to them.
  surviveStdio();
  const lineage = new Lineage(start, parent, queue);
  const logOf = (opened: Logger) => lineage.logOf(loaded, opened);
  const begins = (log: RecordLog) => {
    // From here on there is something to clean up, so stopping is the loop's to do.
    trapStops(queue);
    return noteActivation(systemd, loaded, log);
  };
  return runService(loaded, checked, {
    queue,
    input,
    systemd,
    start,
    own,
    lineage,
    parent,
    asker: { env: input.env, uid: process.geteuid?.() },
    logOf,
    logs: surviveUncaught,
    begins,
    allLoaded,
  });
}

/** The arbiter survives uncaught errors: malformed data that a worker writes to the channel throws inside Node. */
function surviveUncaught(log: RecordLog): void {
  process.on('uncaughtException', (err) =>
    log.critical(
      'Uncaught exception in the arbiter, which continues; the cause is a hook of the configuration, data that an application wrote to descriptor 3, or a bug in tsunicorn',
      { event: 'internal-error', err },
    ),
  );
}

async function noteActivation(systemd: SystemdVariables, loaded: Loaded, log: RecordLog): Promise<void> {
  if (systemd.LISTEN_FDS === undefined) return;
  const { activationNotice } = await import('../process/systemd/activation.ts');
  const notice = activationNotice(systemd, loaded, process.pid);
  if (notice !== null) log.warning(notice, { event: 'settings-questionable', reason: notice });
}
