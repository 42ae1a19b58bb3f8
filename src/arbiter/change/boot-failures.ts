import { withCode } from '../../explain/code.ts';
import type { RecordLog } from '../../log/records.ts';
import type { BootFailure } from '../../process/ipc/loading.ts';
import { inSeconds } from '../../support/duration.ts';
import { judgeBootFailure, type Restarts } from '../policy/restart.ts';
import { failureFields } from '../workers/boot-failure.ts';
import type { EndCause } from '../workers/describe-end.ts';
import type { WorkerHandle } from '../workers/handle.ts';
import type { Development } from './development.ts';
import type { Generation } from './generation.ts';
import type { Reload } from './reload.ts';
import { UNDONE } from './reload-lines.ts';
import type { Intent } from './shutdown.ts';

const WAITING = 'The application cannot be loaded; waiting for a file change';
const SHOWN = 'Every request is answered with this error until a file change fixes it';

export interface BootFailuresOptions {
  readonly log: RecordLog;
  readonly reload: Reload;
  readonly restarts: Restarts;
  readonly development: Development | null;
  readonly intent: () => Intent;
  /** The generation that serves. */
  readonly current: () => Generation;
  /** Ends a service that cannot start. */
  readonly halt: (exitStatus: number) => void;
}

/** What follows where a worker was never ready. */
export class BootFailures {
  readonly #options: BootFailuresOptions;

  constructor(options: BootFailuresOptions) {
    this.#options = options;
  }

  /** Undoes a reload, halts a service that starts, delays the next try otherwise. */
  take(worker: WorkerHandle, failure: BootFailure, cause: EndCause): void {
    const { log, reload, development, intent, current, halt } = this.#options;
    const { candidate } = reload;
    const { exitStatus, message } = failure;
    const failed = [candidate, current()].find((one) => one?.number === worker.generation);
    const verdict = judgeBootFailure({
      generation: failed === undefined ? 'other' : failed === candidate ? 'candidate' : 'current',
      intent: intent().name,
      exitStatus,
      development,
    });
    const said = withCode(message, failure.code);
    const fields = { ...failureFields(worker, failure), cause };
    if (failed === candidate) reload.undo(message);
    switch (verdict) {
      case 'ignore':
        return;
      case 'await change':
        return this.#awaitChange(worker, failure, failed ?? current());
      case 'undo reload':
        return log.error(`${UNDONE}: ${said}`, {
          event: 'reload-undone',
          ...fields,
          generation: worker.generation,
        });
      case 'halt':
        log.critical(said, { event: 'boot-failed', ...fields });
        return halt(exitStatus);
      case 'retry': {
        const retryMs = this.#options.restarts.failed();
        const line = `${said}; next try ${inSeconds(retryMs)}`;
        return log.error(line, { event: 'boot-failed', ...fields, retryMs: Math.round(retryMs) });
      }
    }
  }

  /** In development: the failure is logged, and shown in the browser with --debug, until a change fixes it. */
  #awaitChange(worker: WorkerHandle, failure: BootFailure, failed: Generation): void {
    const { log, reload, development, intent } = this.#options;
    const current = this.#options.current();
    if (!development) return;
    const { debug } = current.loaded.settings;
    const isShown = debug && failed.failure === undefined && !reload.isUnderWay;
    if (intent().name === 'starting') {
      // Another worker of the same generation has failed, and that was logged.
      if (development.isWaiting && failed === current) return;
      development.wait();
    }
    const outcome = isShown ? SHOWN : development.isWaiting ? WAITING : UNDONE;
    log.error(`${outcome}: ${withCode(failure.message, failure.code)}`, {
      event: 'change-awaited',
      ...failureFields(worker, failure),
    });
    if (isShown) reload.show(failure, current);
  }
}
