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
    const heldUpMs = Math.max(0, nowMs - this.#lookedMs - sleptMs);
    if (pulseMs > this.#pulseMs) {
      this.#pulseMs = pulseMs;
      // The pulse may have come before both were held up.
      this.#excusedMs = Math.min(heldUpMs, Math.max(0, nowMs - pulseMs));
    } else this.#excusedMs += heldUpMs;
    this.#lookedMs = nowMs;
  }
}
