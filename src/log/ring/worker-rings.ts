import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFile } from '../../metrics/place.ts';
import { fs } from '../../support/builtins.ts';
import { closeQuietly } from '../../support/close-quietly.ts';
import { BEGINNING, type Cursor, type Read, readRing } from './reader.ts';
import { RingWriter } from './writer.ts';

/** Of the workers that have ended, the last ones can be read. */
const ENDED_KEPT = 16;
/** What is kept of each of them. */
const LINES_KEPT = 100;

/** Whose ring it is. */
export interface RingOwner {
  readonly pid: number;
  readonly slot: number | null;
}

/** The ring of a process, as a descriptor that one arbiter hands over to another. */
export interface HandedRing extends RingOwner {
  readonly fd: number;
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
  #last: Read | null = null;
  readonly #whenEnded: (ring: Ring) => void;

  constructor(owner: RingOwner, fd: number, whenEnded: (ring: Ring) => void) {
    this.owner = owner;
    this.fd = fd;
    this.#whenEnded = whenEnded;
  }

  /** What is left of it once the process has ended; null before. */
  get last(): readonly string[] | null {
    return this.#last?.lines ?? null;
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
    if (this.#last !== null) return;
    const { lines, cursor } = this.read(BEGINNING);
    this.#last = { lines: lines.slice(-LINES_KEPT), lost: 0, cursor };
    closeQuietly(this.fd);
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
  #rings: readonly Ring[];
  readonly #ended: Ring[] = [];
  /** Those that an old arbiter has handed over, until it has ended. */
  #handed: readonly Ring[];

  constructor(handed: readonly HandedRing[] = []) {
    this.#handed = handed.map(({ fd, ...owner }) => new Ring(owner, fd, (ended) => this.#forget(ended)));
    this.#rings = this.#handed;
  }

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

  /** Descriptors of all rings, for a new arbiter; `close` is to be called when it has them. */
  handOver(): { readonly rings: readonly HandedRing[]; readonly close: () => void } {
    const copies: number[] = [];
    const rings = this.#rings.flatMap(({ owner: { pid, slot }, fd, last }) => {
      const open = last === null ? fd : copyOf(last);
      if (open !== null && last !== null) copies.push(open);
      return open === null ? [] : [{ pid, slot, fd: open }];
    });
    return {
      rings,
      close: () => {
        for (const copy of copies) fs.closeSync(copy);
      },
    };
  }

  /** The old arbiter has ended, and its workers with it. */
  othersGone(): void {
    for (const ring of this.#handed) ring.ended();
    this.#handed = [];
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

/** A ring with these lines; null where there can be none. */
function copyOf(lines: readonly string[]): number | null {
  try {
    const fd = makeAnywhere();
    new RingWriter(fd).write(lines);
    return fd;
  } catch {
    // EMFILE: what ended workers have logged is not worth an upgrade.
    return null;
  }
}

/** In memory, or where that cannot be, a file without a path. */
export function makeAnywhere(): number {
  try {
    return makeFile();
  } catch {
    const path = join(tmpdir(), `tsunicorn-${process.pid}-${Math.random().toString(36).slice(2)}`);
    const fd = fs.openSync(path, 'wx+', 0o600);
    fs.rmSync(path);
    return fd;
  }
}
