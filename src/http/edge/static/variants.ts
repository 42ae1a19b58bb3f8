import type { Clock } from '../../../support/clock.ts';
import { ENCODINGS, type Encoding } from './encodings.ts';
import { lookAt } from './open-inside.ts';

/** For so long it is not looked again which encodings there are of a file. */
const KNOWN_MS = 1000;
const MOST_KEPT = 1000;

interface Known {
  readonly there: readonly Encoding[];
  readonly sinceMs: number;
}

/** Which compressed files are beside others. */
export class Variants {
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  of(path: string): readonly Encoding[] {
    const now = this.#clock.now();
    const known = this.#known.get(path);
    if (known !== undefined && now - known.sinceMs < KNOWN_MS) return known.there;
    const there = ENCODINGS.filter(({ ending }) => lookAt(path + ending)?.isFile());
    this.#known.delete(path);
    this.#known.set(path, { there, sinceMs: now });
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST_KEPT && oldest !== undefined) this.#known.delete(oldest);
    return there;
  }
}
