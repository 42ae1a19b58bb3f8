/** The moment at which what is left of a drain is cut; it may be moved forward. */
export class CutOff {
  /** Resolves at that moment. */
  readonly reached: Promise<void>;
  readonly #reach: () => void;
  #atMs: number;
  #graceMs: number;
  #timer: NodeJS.Timeout;

  constructor(graceMs: number) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.reached = promise;
    this.#reach = resolve;
    this.#graceMs = graceMs;
    this.#atMs = performance.now() + graceMs;
    this.#timer = setTimeout(resolve, graceMs);
  }

  /** The grace that holds, in milliseconds from when it was given. */
  get graceMs(): number {
    return this.#graceMs;
  }

  get leftMs(): number {
    return Math.max(0, this.#atMs - performance.now());
  }

  /** It is no later than in `graceMs` from now. */
  bringForward(graceMs: number): void {
    const atMs = performance.now() + graceMs;
    if (atMs >= this.#atMs) return;
    this.#atMs = atMs;
    this.#graceMs = graceMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#reach, graceMs);
  }

  /** Leaves no timer. */
  cancel(): void {
    clearTimeout(this.#timer);
  }
}
