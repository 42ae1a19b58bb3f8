import type { Clock } from '../../support/clock.ts';

/** The moment at which what is left of a drain is cut; it may be moved forward. */
export class CutOff {
  /** Resolves at that moment. */
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

  /** The grace that holds, in milliseconds from when it was given. */
  get graceMs(): number {
    return this.#graceMs;
  }

  get leftMs(): number {
    return Math.max(0, this.#atMs - this.#clock.now());
  }

  /** It is no later than in `graceMs` from now. */
  bringForward(graceMs: number): void {
    const atMs = this.#clock.now() + graceMs;
    if (atMs >= this.#atMs) return;
    this.#atMs = atMs;
    this.#graceMs = graceMs;
    this.#cancel();
    this.#cancel = this.#clock.after(graceMs, this.#reach);
  }

  /** Leaves no timer. */
  cancel(): void {
    this.#cancel();
  }
}
