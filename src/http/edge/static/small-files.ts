import type { Stats } from 'node:fs';
import type { Clock } from '../../../support/clock.ts';
import type { FileHead } from './file-head.ts';

/** Larger files are read anew each time: they are few, or take longer to send than to read. */
export const SMALL_BYTES = 8 * 1024;
/** What of them is kept together. */
const KEPT_BYTES = 4 * 1024 ** 2;
/** For so long it is not looked again whether a path leads to a file within its root. */
const TRUSTED_MS = 1000;
/** A file that was written within this may be written again without another time of change. */
const SETTLED_MS = 100;

/** A file as it was read: what is sent of it, and by what it is known again. */
export interface SmallFile {
  readonly head: FileHead;
  /** A character for each byte. */
  readonly body: string;
}

interface Kept extends SmallFile {
  readonly stats: Stats;
  readonly sinceMs: number;
}

/**
 * Small files that were opened within their roots a moment ago. A request for one of them costs a look at its path: what is
 * there must be the same file, unchanged, as every rename, link and write of it changes its times. So all that can be sent
 * of a file that a link has led out of its root since is what was at that path, within the root, a second ago.
 */
export class SmallFiles {
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `key` names the file, and which encoding of it; `stats` is what is at its path now. */
  find(key: string, stats: Stats): SmallFile | null {
    const kept = this.#kept.get(key);
    if (kept === undefined) return null;
    if (this.#clock.now() - kept.sinceMs < TRUSTED_MS && isSame(kept.stats, stats)) return kept;
    this.#drop(key, kept);
    return null;
  }

  /** `stats` are those of the file that was opened, before it was read. */
  keep(key: string, stats: Stats, { head, body }: SmallFile): void {
    if (Date.now() - stats.ctimeMs < SETTLED_MS) return;
    const before = this.#kept.get(key);
    if (before !== undefined) this.#drop(key, before);
    this.#kept.set(key, { head, body, stats, sinceMs: this.#clock.now() });
    this.#bytes += body.length;
    for (const [oldest, kept] of this.#kept) {
      if (this.#bytes <= KEPT_BYTES) break;
      this.#drop(oldest, kept);
    }
  }

  #drop(key: string, { body }: Kept): void {
    this.#kept.delete(key);
    this.#bytes -= body.length;
  }
}

function isSame(one: Stats, other: Stats): boolean {
  return (
    one.ino === other.ino &&
    one.dev === other.dev &&
    one.size === other.size &&
    one.ctimeMs === other.ctimeMs &&
    one.mtimeMs === other.mtimeMs
  );
}
