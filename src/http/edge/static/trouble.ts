import { Condition, type Course, type Phase } from '../../../log/condition.ts';
import type { WorkerLog } from '../../../log/records.ts';
import type { Clock } from '../../../support/clock.ts';
import { type NamedRequest, nameRequest, requestField } from '../../request-name.ts';

/** No file has failed for so long when the log says that it is over. */
const QUIET_MS = 10_000;

/** A file that could not be sent. */
interface Failed {
  readonly request: NamedRequest;
  readonly file: string;
  readonly reason: string;
}

/** Logs files that cannot be sent for a reason that the operator should know: the first at once, then ever fewer. */
export class FileTrouble {
  readonly #log: WorkerLog;
  readonly #failed: Condition<Failed>;

  constructor(log: WorkerLog, clock: Clock) {
    this.#log = log;
    this.#failed = new Condition({
      clock,
      quietMs: QUIET_MS,
      say: (phase, course) => this.#say(phase, course),
    });
  }

  note(request: NamedRequest, file: string, reason: string): void {
    this.#failed.note({ request, file, reason });
  }

  #say(phase: Phase, { count, durationMs, detail: { request, file, reason } }: Course<Failed>): void {
    const fields = { event: 'file-not-sent', phase, count, durationMs } as const;
    if (phase === 'ends') {
      const over = `Every file could be sent for ${QUIET_MS / 1000} s; ${count} could not before`;
      return this.#log.info(over, fields);
    }
    const all = phase === 'begins' ? '' : `; ${count} so far`;
    this.#log.warning(`${nameRequest(request)}: ${file} is not sent: ${reason}${all}`, {
      ...fields,
      ...{ request: requestField(request), file, reason },
    });
  }
}
