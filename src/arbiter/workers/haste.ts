import { Condition } from '../../log/condition.ts';
import type { RecordLog } from '../../log/records.ts';
import type { RetirePurpose } from '../../process/ipc.ts';
import type { Clock } from '../../support/clock.ts';
import type { WorkerHandle } from './handle.ts';
import type { WorkerSet } from './set.ts';

/** There are too many until none had to be hurried for so long. */
const QUIET_MS = 10_000;

/** Hurries workers that retire, and says where that is because there are too many of them. */
export class Haste {
  readonly #workers: WorkerSet;
  readonly #tooMany: Condition;

  constructor(workers: WorkerSet, clock: Clock, log: RecordLog) {
    this.#workers = workers;
    this.#tooMany = new Condition({
      clock,
      quietMs: QUIET_MS,
      say: (phase, { count, durationMs }) => {
        const fields = { event: 'retiring-hurried', phase, count, durationMs } as const;
        if (phase === 'ends')
          return log.info(`No retiring worker had to be hurried any more (${count} were)`, fields);
        log.info(
          `More workers retire than are wanted, and wait for their clients: the oldest close idle connections within seconds (${count} so far)`,
          fields,
        );
      },
    });
  }

  tell(worker: WorkerHandle, purpose: RetirePurpose): void {
    this.#workers.hasten(worker, purpose);
    if (purpose === 'hurry') this.#tooMany.note();
  }
}
