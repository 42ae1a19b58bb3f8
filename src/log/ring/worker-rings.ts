import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFile } from '../../metrics/place.ts';
import { fs } from '../../support/builtins.ts';
import { BEGINNING, type Cursor, type Read, readRing } from './reader.ts';

/** Of the workers that have ended, the last ones can be read. */
const ENDED_KEPT = 16;
/** What is kept of each of them. */
const LINES_KEPT = 100;

/** Whose ring it is. */
export interface RingOwner {
  readonly pid: number;
  readonly slot: number | null;
}

/** What one worker logs, for who asks; it can be read while the worker hangs, and a while after its end. */
export interface WorkerRing {
  readonly owner: RingOwner;
  /** Never throws: what cannot be read is empty. */
  read(cursor: Cursor): Read;
}

/** A ring from the start of a worker's process to its end. */
export interface OwnedRing {
  /** To be handed over to the worker. */
  readonly fd: number;
  /** The process has ended. */
  ended(): void;
}

class Ring implements WorkerRing, OwnedRing {
  readonly owner: RingOwner;
  readonly fd: number;
  /** What is left of it once the process has ended; null before. */
  #last: Read | null = null;
  readonly #whenEnded: (ring: Ring) => void;

  constructor(owner: RingOwner, fd: number, whenEnded: (ring: Ring) => void) {
    this.owner = owner;
    this.fd = fd;
    this.#whenEnded = whenEnded;
  }

  /** Whether it has ended, and nothing was written to it. */
  get isEmpty(): boolean {
    return this.#last?.cursor.count === 0;
  }

  read(cursor: Cursor): Read {
    if (this.#last !== null) return restOf(this.#last, cursor);
    try {
      return readRing(this.fd, cursor);
    } catch {
      // Its writer has made something else of it.
      return { lines: [], lost: 0, cursor };
    }
  }

  ended(): void {
    const { lines, cursor } = this.read(BEGINNING);
    this.#last = { lines: lines.slice(-LINES_KEPT), lost: 0, cursor };
    fs.closeSync(this.fd);
    this.#whenEnded(this);
  }
}

/** Behind that cursor; all lines are the last ones that were written or left out. */
function restOf({ lines, cursor: end }: Read, cursor: Cursor): Read {
  const count = Math.max(0, end.count - cursor.count);
  const rest = count === 0 ? [] : lines.slice(-count);
  return { lines: rest, lost: count - rest.length, cursor: end };
}

/** The rings of the workers of a service. */
export class WorkerRings {
  #rings: readonly Ring[] = [];
  readonly #ended: Ring[] = [];

  /** Of the workers that live, and of those that ended last, in the order of their start. */
  get all(): readonly WorkerRing[] {
    return this.#rings;
  }

  /** For a worker process that is about to be started; null where there can be no file. */
  begin(owner: RingOwner): OwnedRing | null {
    try {
      const ring = new Ring(owner, makeAnywhere(), (ended) => this.#forget(ended));
      this.#rings = [...this.#rings, ring];
      return ring;
    } catch {
      // Too many open files: it runs without.
      return null;
    }
  }

  #forget(ring: Ring): void {
    // As of workers that could not be started: they shall not take the place of what others have said.
    if (ring.isEmpty) {
      this.#rings = this.#rings.filter((one) => one !== ring);
      return;
    }
    this.#ended.push(ring);
    if (this.#ended.length <= ENDED_KEPT) return;
    const oldest = this.#ended.shift();
    this.#rings = this.#rings.filter((one) => one !== oldest);
  }
}

/** In memory, or where that cannot be, a file without a path. */
function makeAnywhere(): number {
  try {
    return makeFile();
  } catch {
    const path = join(tmpdir(), `tsunicorn-${process.pid}-${Math.random().toString(36).slice(2)}`);
    const fd = fs.openSync(path, 'wx+', 0o600);
    fs.rmSync(path);
    return fd;
  }
}
