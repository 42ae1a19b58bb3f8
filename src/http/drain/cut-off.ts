import type { Clock } from '../../support/clock.ts';

/** The end of a grace; it can be moved forward. */
export class CutOff {
  /** Resolves when the grace is over. */
  readonly reached: Promise<void>;
  readonly #reach: () => void;
  #atMs: number;
  #graceMs: number;
  readonly #clock: Clock;
  #cancel: () => void;

  constructor(graceMs: number, clock: Clock) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.reached = promise;
    this.#reach = resolve;
    this.#graceMs = graceMs;
    this.#clock = clock;
    this.#atMs = clock.now() + graceMs;
    this.#cancel = clock.after(graceMs, resolve);
  }

  /** The grace that applies, in milliseconds from when it was given. */
  get graceMs(): number {
    return this.#graceMs;
  }

  get leftMs(): number {
    return Math.max(0, this.#atMs - this.#clock.now());
  }

  /** From now on the grace ends in `graceMs` at the latest. */
  bringForward(graceMs: number): void {
    const atMs = this.#clock.now() + graceMs;
    if (atMs >= this.#atMs) return;
    this.#atMs = atMs;
    this.#graceMs = graceMs;
    this.#cancel();
    this.#cancel = this.#clock.after(graceMs, this.#reach);
  }

  /** Clears the timer: `reached` does not resolve any more. */
  cancel(): void {
    this.#cancel();
  }
}
