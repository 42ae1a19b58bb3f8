import { tmpdir } from 'node:os';
import { Condition, type Course, type Phase } from '../../log/condition.ts';
import type { WorkerLog } from '../../log/records.ts';
import type { Clock } from '../../support/clock.ts';
import { messageOf } from '../../support/errors.ts';
import { type NamedRequest, nameRequest, requestField } from '../request-name.ts';

/** No body has failed for so long when the log says that it is over. */
const QUIET_MS = 10_000;

/** A body that could not be kept. */
interface Failed {
  readonly request: NamedRequest;
  readonly bytes: number;
  readonly reason: string;
}

/** Logs bodies that could not be written to a file, or read from it: the first at once, then ever fewer. */
export class BodyTrouble {
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

  /** `bytes` had come by then. */
  note(request: NamedRequest, bytes: number, error: Error): void {
    this.#failed.note({ request, bytes, reason: messageOf(error) });
  }

  #say(phase: Phase, { count, durationMs, detail }: Course<Failed>): void {
    const fields = { event: 'body-not-kept', phase, count, durationMs } as const;
    const { request, bytes, reason } = detail;
    if (phase === 'ends') {
      const over = `Every body could be kept for ${QUIET_MS / 1000} s; ${count} could not before`;
      return this.#log.info(over, fields);
    }
    const all = phase === 'begins' ? '' : `; ${count} so far`;
    this.#log.warning(
      `${nameRequest(request)}: its body, of which ${bytes} bytes had come, could not be kept in ${tmpdir()} (TMPDIR): ${reason}${all}`,
      { ...fields, request: requestField(request), reason },
    );
  }
}
