import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf } from '../../src/support/errors.ts';
import type { Figure, SectionName } from './figure.ts';

/** What a piece found, when and beside what load. */
export interface Finished {
  readonly id: string;
  readonly section: SectionName;
  readonly at: string;
  /** What was measured, as `git describe` names it: with `-dirty` where it was not what is committed. */
  readonly commit: string;
  /** The load average of the minute before and after. */
  readonly load: readonly [before: number, after: number];
  readonly rounds: number;
  /** What of it was not measured, and why; of a piece that failed all of it. */
  readonly leftOut: readonly string[];
  readonly figures: readonly Figure[];
}

/** The pieces that have been measured, in a file, so that a long run can be resumed. */
export class Store {
  readonly #path: string;
  readonly #finished: Map<string, Finished>;

  constructor(path: string) {
    this.#path = path;
    this.#finished = new Map(readStored(path).map((one) => [one.id, one]));
  }

  /** Whether it was measured, all or in part. */
  has(id: string): boolean {
    return (this.#finished.get(id)?.figures.length ?? 0) > 0;
  }

  all(): readonly Finished[] {
    return [...this.#finished.values()];
  }

  /** Forgets all. */
  clear(): void {
    this.#finished.clear();
  }

  add(finished: Finished): void {
    this.#finished.set(finished.id, finished);
    mkdirSync(dirname(this.#path), { recursive: true });
    writeFileSync(this.#path, `${JSON.stringify(this.all())}\n`);
  }
}

function readStored(path: string): readonly Finished[] {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    // Nothing has been measured yet.
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
