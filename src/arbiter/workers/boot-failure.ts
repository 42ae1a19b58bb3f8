import { aboutError } from '../../log/about-error.ts';
import { aboutWorker } from '../../log/about-worker.ts';
import type { BootFailure } from '../../process/ipc/loading.ts';
import { EXIT } from '../../support/errors.ts';
import type { EndCause } from './describe-end.ts';
import { type Described, type Named, nameOf } from './obituary.ts';

/** Why a worker was killed before it was ready. */
export interface BootKill {
  readonly cause: EndCause;
  /** `not ready within 60 s`, `silent for 30 s`. */
  readonly reason: string;
  /** Whether it stood by. */
  readonly wasStandby: boolean;
  /** The setting --ready-path, which may be what took so long. */
  readonly readyPath: string | null;
}

/** The failure of a worker that was killed before it was ready. */
export function killedAtBoot(worker: Named, { cause, reason, wasStandby, readyPath }: BootKill): BootFailure {
  if (wasStandby) {
    const message = `${nameOf(worker)} was killed while it stood by: ${reason} (--timeout)`;
    return { exitStatus: EXIT.workerBoot, message, code: 'TSU0604' };
  }
  if (cause !== 'boot-timeout') {
    const message = `${nameOf(worker)} was killed while it opened its sockets: ${reason} (--timeout)`;
    return { exitStatus: EXIT.workerBoot, message, code: 'TSU0604' };
  }
  const orPath = readyPath === null ? '' : `, or GET ${readyPath} (--ready-path) blocked its event loop`;
  const message = `${nameOf(worker)} was ${reason} (--boot-timeout): the application's import or factory had not finished${orPath}`;
  return { exitStatus: EXIT.workerBoot, message, code: 'TSU0601' };
}

/** The fields of a record about a worker that was never ready. */
export function failureFields(worker: Described, { message, exitStatus, code, stack, place }: BootFailure) {
  const err = stack === undefined ? undefined : Object.assign(new Error(message), { stack });
  return {
    ...aboutWorker(worker),
    reason: message,
    exitStatus,
    ...(code === undefined ? {} : { code }),
    ...(place === undefined ? aboutError(err) : { place, lines: place.lines }),
    ...(err === undefined ? {} : { err }),
  };
}
