import { aboutError } from '../../src/log/about-error.ts';
import { Condition } from '../../src/log/condition.ts';
import type { WorkerLog } from '../../src/log/records.ts';
import { type Clock, systemClock } from '../../src/support/clock.ts';
import { messageOf } from '../../src/support/errors.ts';

/** How many are logged one by one, since they may have different causes. */
const MOST_LOGGED = 10;

interface Uncaught {
  readonly what: string;
  readonly error: unknown;
}

/**
 * Logs what the application did not catch. A worker that ends for that may have a timer that throws a thousand times
 * before its grace is over. Then the latest error is logged for all before it, at most once a second.
 */
export class UncaughtLog {
  readonly #log: WorkerLog;
  readonly #more: Condition<Uncaught>;
  #count = 0;

  constructor(log: WorkerLog, clock: Clock = systemClock) {
    this.#log = log;
    this.#more = new Condition({ clock, say: (_phase, { detail }) => this.#write(detail) });
  }

  note(uncaught: Uncaught): void {
    this.#count++;
    if (this.#count <= MOST_LOGGED) this.#write(uncaught);
    else this.#more.note(uncaught);
  }

  #write({ what, error }: Uncaught): void {
    const count = this.#count;
    const soFar = count > MOST_LOGGED ? ` (${count} of them so far)` : '';
    this.#log.error(`${what} in the application${soFar}`, {
      event: 'uncaught',
      ...{ reason: messageOf(error), count },
      ...aboutError(error),
      err: error,
    });
  }
}
