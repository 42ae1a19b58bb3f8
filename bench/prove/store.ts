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

  has(id: string): boolean {
    return this.#finished.has(id);
  }

  all(): readonly Finished[] {
    return [...this.#finished.values()];
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
