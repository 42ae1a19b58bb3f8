import type { FSWatcher } from 'node:fs';
import { dirname } from 'node:path';
import { fs } from '../support/builtins.ts';
import { type Clock, every } from '../support/clock.ts';
import { codeOf, messageOf } from '../support/errors.ts';

/** Where the system reports no changes, as of a file system in the network, they are seen after this time. */
const LOOK_MS = 15_000;

/**
 * Watches files that are replaced in whatever way: written in place, renamed over, or reached by symbolic links that change,
 * as those of certbot and Kubernetes do. The directories are watched, since a watch of a file follows its inode.
 */
export class FileWatch {
  readonly #files: readonly string[];
  readonly #changed: () => void;
  readonly #stopLooking: () => void;
  #watchers: ReadonlyMap<string, FSWatcher | null> = new Map();
  #seen: string;

  /** `changed` may be called more often than the files have changed. */
  constructor(files: readonly string[], clock: Clock, changed: () => void) {
    this.#files = files;
    this.#changed = changed;
    this.#seen = this.#look();
    this.#watch();
    this.#stopLooking = every(clock, LOOK_MS, () => this.#compare());
  }

  close(): void {
    this.#stopLooking();
    for (const watcher of this.#watchers.values()) watcher?.close();
    this.#watchers = new Map();
  }

  #compare(): void {
    const seen = this.#look();
    if (seen === this.#seen) return;
    this.#seen = seen;
    // Links may lead to other directories now.
    this.#watch();
    this.#changed();
  }

  /** What tells whether one of the files is another one than before. */
  #look(): string {
    return this.#files.map(lookAt).join();
  }

  #watch(): void {
    const wanted = new Set(this.#files.flatMap((file) => [dirname(file), ...realDirectory(file)]));
    for (const [directory, watcher] of this.#watchers) if (!wanted.has(directory)) watcher?.close();
    this.#watchers = new Map(
      [...wanted].map((directory) => [directory, this.#watchers.get(directory) ?? this.#open(directory)]),
    );
  }

  #open(directory: string): FSWatcher | null {
    try {
      const watcher = fs.watch(directory, { persistent: false }, () => this.#compare());
      return watcher.on('error', () => watcher.close());
    } catch {
      // Too many are watched, or it is gone: the files are looked at all the same.
      return null;
    }
  }
}

function lookAt(file: string): string {
  try {
    const { dev, ino, size, mtimeNs } = fs.statSync(file, { bigint: true });
    return `${dev}:${ino}:${size}:${mtimeNs}`;
  } catch (error) {
    // It is gone, in a circle of links for a while, or may not be reached: what reads it says so.
    return codeOf(error) ?? messageOf(error);
  }
}

function realDirectory(file: string): readonly string[] {
  try {
    return [dirname(fs.realpathSync(file))];
  } catch {
    // It is being replaced, or may not be reached.
    return [];
  }
}
