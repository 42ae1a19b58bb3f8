import type { AnyRecord } from '../log/records.ts';
import { lineOf } from '../log/ring/ring-log.ts';
import type { HandedRing, WorkerRings } from '../log/ring/worker-rings.ts';
import { makeAnywhere } from '../log/ring/worker-rings.ts';
import { RingWriter } from '../log/ring/writer.ts';
import { fs } from '../support/builtins.ts';
import type { Journal } from './journal.ts';

/** Shows a new arbiter what this one and its workers have logged, and log until they end. No call throws. */
export class HandedLogs {
  readonly #journal: Journal;
  readonly #rings: WorkerRings;
  /** Ends the copy of our own log; does nothing where there is none. */
  #endCopy = () => {};

  constructor(journal: Journal, rings: WorkerRings) {
    this.#journal = journal;
    this.#rings = rings;
  }

  /** Calls `start` with the descriptors for a new arbiter. */
  handOver(start: (rings: readonly HandedRing[]) => void): void {
    const { rings, close } = this.#rings.handOver();
    const own = this.#copy();
    start(own === null ? rings : [...rings, { pid: process.pid, slot: null, fd: own }]);
    close();
  }

  /** The new arbiter has ended. */
  newGone(): void {
    this.#endCopy();
    this.#endCopy = () => {};
  }

  /** The old arbiter has ended. */
  oldGone(): void {
    this.#rings.othersGone();
  }

  /** The descriptor of a ring with our last records, and each that comes; null where there can be none. */
  #copy(): number | null {
    this.newGone();
    try {
      const fd = makeAnywhere();
      const ring = new RingWriter(fd);
      const put = (records: readonly AnyRecord[]) => ring.write(records.map(asLine));
      put(this.#journal.recent);
      const unfollow = this.#journal.follow((record) => {
        if (record.level !== 'debug') put([record]);
      });
      this.#endCopy = () => {
        unfollow();
        fs.closeSync(fd);
      };
      return fd;
    } catch {
      // EMFILE, ENOSPC: the new arbiter has its own log alone.
      return null;
    }
  }
}

function asLine({ time, level, message, ...fields }: AnyRecord): string {
  return JSON.stringify(lineOf(time, level, message, fields));
}
