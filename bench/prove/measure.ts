import { spawnSync } from 'node:child_process';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { showProgress } from '../options.ts';
import { Course, type Expected, shareOf } from './course.ts';
import type { Piece } from './figure.ts';
import type { Setup } from './setup.ts';
import type { Store } from './store.ts';

/** What bounds the measuring, in milliseconds from its begin; null where nothing does. */
export interface Limits {
  /** Rounds are taken so that all of it fits into this. */
  readonly fitsMs: number | null;
  /** No piece begins later. */
  readonly lastBeginMs: number | null;
}

/** A piece may take so much more than expected, and so long beside, before it is given up. */
const SLOW = 5;
const MORE_MS = 120_000;

const root = join(import.meta.dirname, '../..');

/** What is measured, which may not be what is committed. */
function commitOf(): string {
  const { stdout } = spawnSync('git', ['describe', '--always', '--dirty'], { cwd: root, encoding: 'utf8' });
  return stdout?.trim() || 'unknown';
}

function clock(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${`${seconds % 60}`.padStart(2, '0')}`;
}

/** How long a piece is expected to take. */
export function expectedOf({ rounds: { least, most }, roundSeconds, fixedSeconds = 0 }: Piece): Expected {
  const ms = (rounds: number) => (fixedSeconds + rounds * roundSeconds) * 1000;
  return { leastMs: ms(least), mostMs: ms(most) };
}

/** The pieces of one run, one after the other. What each found is kept in the store at once. */
export class Measuring {
  readonly #setup: Setup;
  readonly #store: Store;
  readonly #limits: Limits;
  readonly #beganMs = performance.now();

  constructor(setup: Setup, store: Store, limits: Limits) {
    this.#setup = setup;
    this.#store = store;
    this.#limits = limits;
  }

  /** Resolves with how many pieces of tsunicorn failed. One that fails is said, and the others are measured. */
  async all(pieces: readonly Piece[]): Promise<number> {
    this.#sayWhatComes(pieces);
    let failed = 0;
    for (const [index, piece] of pieces.entries()) {
      if (this.#isLate()) {
        this.#leave(pieces.slice(index));
        break;
      }
      const title = `[${index + 1}/${pieces.length}, ${clock(this.#elapsedMs)}${this.#wholeText}] ${piece.id}`;
      showProgress(title);
      const isMeasured = await this.#measure(piece, this.#courseOf(pieces.slice(index), title), title);
      if (!isMeasured && piece.isOurs) failed += 1;
    }
    return failed;
  }

  #sayWhatComes(pieces: readonly Piece[]): void {
    const expected = pieces.map(expectedOf);
    const least = expected.reduce((sum, { leastMs }) => sum + leastMs, 0);
    const most = expected.reduce((sum, { mostMs }) => sum + mostMs, 0);
    const { fitsMs } = this.#limits;
    const needed = fitsMs === null ? most : Math.min(most, Math.max(least, fitsMs));
    console.error(`${pieces.length} pieces, about ${Math.ceil(needed / 60_000)} minutes`);
    if (fitsMs !== null && least > fitsMs)
      console.error(
        `They need about ${Math.ceil(least / 60_000)} minutes at least; what has not begun by then is left out`,
      );
  }

  get #elapsedMs(): number {
    return performance.now() - this.#beganMs;
  }

  get #wholeText(): string {
    const { fitsMs } = this.#limits;
    return fitsMs === null ? '' : ` of ${clock(fitsMs)}`;
  }

  #isLate(): boolean {
    const { fitsMs, lastBeginMs } = this.#limits;
    return (
      this.#elapsedMs > Math.min(fitsMs ?? Number.POSITIVE_INFINITY, lastBeginMs ?? Number.POSITIVE_INFINITY)
    );
  }

  /** `left` begins with the piece itself. */
  #courseOf(left: readonly Piece[], title: string): Course {
    const { fitsMs } = this.#limits;
    const rounds = left[0]?.rounds ?? { least: 1, most: 1 };
    const shareMs =
      fitsMs === null ? Number.POSITIVE_INFINITY : shareOf(fitsMs - this.#elapsedMs, left.map(expectedOf));
    const show = (round: number) => showProgress(`${title}, round ${round}`);
    return new Course(rounds, performance.now() + shareMs, undefined, show);
  }

  async #measure(piece: Piece, course: Course, title: string): Promise<boolean> {
    const startedMs = performance.now();
    const [before = 0] = loadavg();
    const found = await this.#inTime(piece, piece.run(course)).catch((error: unknown) => {
      course.leave(piece.id, error);
      return null;
    });
    await this.#setup.processes.endAll();
    const figures = found ?? [];
    const [after = 0] = loadavg();
    const rounds = Math.max(0, ...figures.map(({ values }) => values.length));
    this.#keep(piece, { load: [before, after], rounds, figures, leftOut: course.leftOut });
    showProgress('');
    for (const line of course.leftOut) console.error(`LEFT OUT: ${line.split('\n')[0]}`);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    console.error(`${title}: ${found === null ? 'FAILED' : `${rounds} rounds`}, ${seconds} s`);
    return found !== null;
  }

  /** A server that stands still must not hold up what comes after it. */
  async #inTime<T>(piece: Piece, run: Promise<T>): Promise<T> {
    const limitMs = SLOW * expectedOf(piece).mostMs + MORE_MS;
    const over = new AbortController();
    const late = pause(limitMs, undefined, { signal: over.signal }).then(() => {
      this.#setup.endAll();
      throw new Error(`it was not done after ${clock(limitMs)} minutes`);
    });
    late.catch(() => {});
    return Promise.race([run, late]).finally(() => over.abort());
  }

  #keep(
    { id, section }: Piece,
    found: Pick<Parameters<Store['add']>[0], 'load' | 'rounds' | 'figures' | 'leftOut'>,
  ): void {
    this.#store.add({ id, section, at: new Date().toISOString(), commit: commitOf(), ...found });
  }

  /** The time is over before these have begun. */
  #leave(pieces: readonly Piece[]): void {
    console.error(`The time is over, and ${pieces.length} pieces are not measured: continue with --resume`);
    const [load = 0] = loadavg();
    for (const piece of pieces)
      if (!this.#store.has(piece.id))
        this.#keep(piece, {
          ...{ load: [load, load], rounds: 0, figures: [] },
          leftOut: [`${piece.id}: the time was over`],
        });
  }
}
