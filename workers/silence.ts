/**
 * How long a pulse has been silent, as one who looks now and then can say: the time that the looker itself was held
 * up (a stopped process, a machine that slept) held up the pulse too and does not count. Milliseconds of one clock.
 */
export class Silence {
  #pulseMs: number;
  #lookedMs: number;
  #excusedMs = 0;

  constructor(nowMs: number) {
    this.#pulseMs = nowMs;
    this.#lookedMs = nowMs;
  }

  /** The silence at the last look. */
  get ms(): number {
    return Math.max(0, this.#lookedMs - this.#pulseMs - this.#excusedMs);
  }

  /** To be called after each sleep of `sleptMs`, as it was asked for. */
  look(nowMs: number, sleptMs: number, pulseMs: number): void {
    if (pulseMs > this.#pulseMs) {
      this.#pulseMs = pulseMs;
      this.#excusedMs = 0;
    } else this.#excusedMs += Math.max(0, nowMs - this.#lookedMs - sleptMs);
    this.#lookedMs = nowMs;
  }
}
