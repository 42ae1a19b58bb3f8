import { fs } from '../support/builtins.ts';
import { closeQuietly } from '../support/close-quietly.ts';
import { type Measure, type Measured, MeasuredStore, type MeasuredTotals, summed } from './measured.ts';
import type { HandedMeasures } from './place.ts';

/** Workers report once a second: no arbiter writes more often. */
const EVERY_MS = 1000;
/** More than all metrics of a service need. */
const MOST_BYTES = 64 * 1024 * 1024;
/** How often a file that changes is read again. */
const TRIES = 5;
const LENGTH_BYTES = 8;

/** What an arbiter tells another one of what its applications measure. */
interface Shared {
  readonly measures: readonly Measure[];
  readonly folded: number;
}

/**
 * What applications measure, in an arbiter. While another arbiter serves too, as in an upgrade, each writes its own sums to
 * a file that the other one reads; when the other one has ended, they are added. No call throws.
 */
export class SharedMeasures {
  readonly #own = new MeasuredStore();
  /** Of the other arbiter: where we write, and where it does; null where there is none. */
  #peer: HandedMeasures | null;
  /** What was read last, as the other one may just be writing. */
  #last: Shared | null = null;
  #writtenMs = Number.NEGATIVE_INFINITY;

  /** `handed` are descriptors that an old arbiter has handed over. */
  constructor(handed: HandedMeasures | null) {
    this.#peer = handed;
  }

  /** Takes what the application of a worker measures, a process with that pid. */
  heard(pid: number, measured: Measured, nowMs = performance.now()): void {
    this.#own.heard(pid, measured, nowMs);
    if (nowMs - this.#writtenMs >= EVERY_MS) this.#write(nowMs);
  }

  /** The process has ended: what it counted stays. */
  ended(pid: number): void {
    this.#own.ended(pid);
    this.#write(performance.now());
  }

  /** Of this arbiter and the other one. */
  totals(nowMs = performance.now()): MeasuredTotals {
    const { measures, folded, stale } = this.#own.totals(nowMs);
    const other = this.#read();
    if (other === null) return { measures, folded, stale };
    return { measures: summed([measures, other.measures]), folded: folded + other.folded, stale };
  }

  /** As of MeasuredStore, of our own workers. */
  unfit(nowMs = performance.now()): ReadonlyMap<number, string> {
    return this.#own.unfit(nowMs);
  }

  /** Descriptors for a new arbiter, whose measures are read from now on; null where `make` makes no file. */
  handOver(make: () => number): HandedMeasures | null {
    this.otherGone();
    const files: number[] = [];
    try {
      files.push(make(), make());
      const [theirs = 0, ours = 0] = files;
      this.#peer = { own: ours, other: theirs };
      this.#write(performance.now());
      return { own: theirs, other: ours };
    } catch {
      // EMFILE, ENOSPC: the new arbiter begins at 0.
      for (const fd of files) fs.closeSync(fd);
      this.#peer = null;
      return null;
    }
  }

  /** The other arbiter has ended: what it counted is ours. */
  otherGone(): void {
    const other = this.#read();
    if (other !== null) this.#own.add(other.measures, other.folded);
    this.close();
  }

  /** Lets go of the files. */
  close(): void {
    if (this.#peer !== null) for (const fd of [this.#peer.own, this.#peer.other]) closeQuietly(fd);
    this.#peer = null;
    this.#last = null;
  }

  #write(nowMs: number): void {
    if (this.#peer === null) return;
    this.#writtenMs = nowMs;
    const { measures, folded } = this.#own.totals(nowMs);
    try {
      const bytes = encode({ measures, folded });
      fs.writeSync(this.#peer.own, bytes, 0, bytes.length, 0);
    } catch {
      // ENOSPC, where others have filled /dev/shm.
    }
  }

  #read(): Shared | null {
    if (this.#peer === null) return null;
    this.#last = readShared(this.#peer.other) ?? this.#last;
    return this.#last;
  }
}

function encode(shared: Shared): Buffer {
  const text = Buffer.from(JSON.stringify(shared));
  const head = Buffer.alloc(LENGTH_BYTES);
  head.writeDoubleLE(text.length, 0);
  return Buffer.concat([head, text]);
}

/** Null where nothing is there, or it changes all the time. */
function readShared(fd: number): Shared | null {
  try {
    let before = readAll(fd);
    for (let tries = 0; tries < TRIES; tries++) {
      const now = readAll(fd);
      // Twice the same: nobody was writing meanwhile.
      if (now.equals(before)) return decode(now);
      before = now;
    }
  } catch {
    // It was not handed over after all, or another version has written something else.
  }
  return null;
}

function readAll(fd: number): Buffer {
  const bytes = Buffer.alloc(Math.min(fs.fstatSync(fd).size, MOST_BYTES));
  return bytes.subarray(0, fs.readSync(fd, bytes, 0, bytes.length, 0));
}

function decode(bytes: Buffer): Shared | null {
  if (bytes.length <= LENGTH_BYTES) return null;
  const length = bytes.readDoubleLE(0);
  const { measures, folded } = JSON.parse(bytes.toString('utf8', LENGTH_BYTES, LENGTH_BYTES + length));
  return Array.isArray(measures) && typeof folded === 'number' ? { measures, folded } : null;
}
