import { aboutError } from '../../log/about-error.ts';
import { aboutWorker } from '../../log/about-worker.ts';
import type { RecordLog } from '../../log/records.ts';
import type { BootFailure } from '../../process/ipc.ts';
import { EXIT } from '../../support/errors.ts';
import type { Development } from '../change/development.ts';
import type { Generation } from '../change/generation.ts';
import type { Reload } from '../change/reload.ts';
import type { Intent, StopMode } from '../change/shutdown.ts';
import type { Pace } from '../policy/pace.ts';
import { inSeconds } from '../policy/restart.ts';
import type { WorkerState } from '../policy/worker-state.ts';
import type { WorkerHandle } from './handle.ts';
import { type Described, type EndCause, type Named, nameOf } from './obituary.ts';

const UNDONE = 'Reload undone, the old workers serve on';
const WAITING = 'Waiting for a change, as the application cannot be loaded';
const SHOWN = 'Every request is answered with this error, until a change mends it';

/** What of the service a failure to boot depends on, and may end. */
interface Failing {
  readonly log: RecordLog;
  readonly intent: Intent;
  readonly current: Generation;
  stop(mode: StopMode, status: number): void;
}

/** What follows where a worker fails, or ends, before it was ever ready. */
export class BootFailures {
  readonly #service: Failing;
  readonly #reload: Reload;
  readonly #pace: Pace;
  readonly #development: Development | null;

  constructor(service: Failing, reload: Reload, pace: Pace, development: Development | null) {
    this.#service = service;
    this.#reload = reload;
    this.#pace = pace;
    this.#development = development;
  }

  /** Undoes a reload, halts a service that starts, delays the next try otherwise. */
  take(worker: WorkerHandle, failure: BootFailure, cause: EndCause): void {
    const { log, intent, current } = this.#service;
    const { candidate } = this.#reload;
    const { exitStatus, message } = failure;
    const fields = failureFields(worker, failure);
    const development = this.#development;
    // By a change of the application's files.
    const isMendable = development !== null && exitStatus !== EXIT.usage;
    if (worker.generation === candidate?.number) {
      this.#reload.undo(message);
      if (isMendable) return this.#awaitChange(worker, failure, candidate);
      if (!development?.isWaiting) {
        const { number: generation } = candidate;
        return log.error(`${UNDONE}: ${message}`, { event: 'reload-undone', ...fields, generation, cause });
      }
    } else if (intent.name === 'stopping' || worker.generation !== current.number) return;
    if (intent.name === 'starting') {
      if (isMendable) return this.#awaitChange(worker, failure, current);
      log.critical(message, { event: 'boot-failed', ...fields, cause });
      return this.#service.stop('quick', exitStatus);
    }
    const retryMs = this.#pace.failed();
    log.error(`${message}; next try ${inSeconds(retryMs)}`, {
      event: 'boot-failed',
      ...fields,
      cause,
      retryMs: Math.round(retryMs),
    });
  }

  /** In development: the failure is shown, in the browser too where that is wanted, until a change mends it. */
  #awaitChange(worker: WorkerHandle, failure: BootFailure, failed: Generation): void {
    const { log, intent, current } = this.#service;
    const development = this.#development;
    if (!development) return;
    const { debug } = current.loaded.settings;
    const isShown = debug && failed.failure === undefined && !this.#reload.isUnderWay;
    if (intent.name === 'starting') {
      // Another worker of the same generation has said it already.
      if (development.isWaiting && failed === current) return;
      development.wait();
    }
    const outcome = isShown ? SHOWN : development.isWaiting ? WAITING : UNDONE;
    log.error(`${outcome}: ${failure.message}`, {
      event: 'change-awaited',
      ...failureFields(worker, failure),
    });
    if (isShown) this.#reload.show(failure, current);
  }
}

/** The failure of a worker that was killed in `state` for `reason` ("not ready within 60 s", "silent for 30 s"). */
export function bootTimedOut(
  worker: Named,
  state: WorkerState,
  reason: string,
  readyPath: string | null,
): BootFailure {
  if (state.name === 'standby') {
    const message = `${nameOf(worker)} stood by and was ended: ${reason} (--timeout)`;
    return { exitStatus: EXIT.workerBoot, message };
  }
  if (!reason.startsWith('not ready')) {
    const message = `${nameOf(worker)} was about to accept and was ended: ${reason} (--timeout)`;
    return { exitStatus: EXIT.workerBoot, message };
  }
  const orPath = readyPath === null ? '' : `, or GET ${readyPath} (--ready-path) blocked its event loop`;
  const message = `${nameOf(worker)} was ${reason} (--boot-timeout): the application's import or factory had not finished${orPath}`;
  return { exitStatus: EXIT.workerBoot, message };
}

/** What to log beside the failure's message. */
function failureFields(worker: Described, { message, exitStatus, stack, place }: BootFailure) {
  const err = stack === undefined ? undefined : Object.assign(new Error(message), { stack });
  return {
    ...aboutWorker(worker),
    reason: message,
    exitStatus,
    ...(place === undefined ? aboutError(err) : { place, lines: place.lines }),
    ...(err === undefined ? {} : { err }),
  };
}
