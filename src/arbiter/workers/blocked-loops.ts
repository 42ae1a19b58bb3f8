import { aboutWorker } from '../../log/about-worker.ts';
import type { RecordLog } from '../../log/records.ts';
import { BlockedLoop } from '../../process/blocked-loop.ts';
import type { Blocked, Unblocked } from '../../process/ipc/blocks.ts';
import { blockLines } from '../../process/stall.ts';
import type { Clock } from '../../support/clock.ts';
import type { WorkerHandle } from './handle.ts';
import { nameOf } from './obituary.ts';

type Worker = Pick<WorkerHandle, 'pid' | 'slot' | 'age' | 'generation'>;

/** Logs that the event loop of a worker is blocked, at intervals while that lasts, and when it runs again. */
export class BlockedLoops {
  readonly #clock: Clock;
  readonly #log: RecordLog;
  readonly #loops = new Map<number, BlockedLoop>();

  constructor(clock: Clock, log: RecordLog) {
    this.#clock = clock;
    this.#log = log;
  }

  note(worker: Worker, message: Blocked | Unblocked): void {
    const loop = this.#loops.get(worker.age) ?? this.#follow(worker);
    this.#loops.set(worker.age, loop);
    loop.note(message);
  }

  /** Forgets a worker that ends, which has a record of its own. */
  forget({ age }: Worker): void {
    this.#loops.get(age)?.drop();
    this.#loops.delete(age);
  }

  #follow(worker: Worker): BlockedLoop {
    return new BlockedLoop({
      clock: this.#clock,
      name: nameOf(worker),
      describe: blockLines,
      say: (level, message, fields) => this.#log[level](message, { ...fields, ...aboutWorker(worker) }),
    });
  }
}
