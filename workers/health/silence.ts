/** A busy machine gives a processor as late as this, which held up nothing else. */
const LATE_MS = 100;

/**
 * How long a pulse has been silent, as one who looks now and then can say: the time that the looker itself was held
 * up (a stopped process, a machine that slept) held up the pulse too and does not count. Milliseconds of one clock.
 */
export class Silence {
  #pulseMs: number;
  #checkedMs: number;
  #excusedMs = 0;
  #endedMs: number | null = null;

  constructor(nowMs: number) {
    this.#pulseMs = nowMs;
    this.#checkedMs = nowMs;
  }

  /** The silence at the last look. */
  get ms(): number {
    return Math.max(0, this.#checkedMs - this.#pulseMs - this.#excusedMs);
  }

  /** How long the longest silence was that a pulse has ended between the last two looks; null where none has. */
  get endedMs(): number | null {
    return this.#endedMs;
  }

  /** To be called after each sleep of `sleptMs`, as it was asked for. */
  check(nowMs: number, sleptMs: number, pulseMs: number): void {
    const lateMs = nowMs - this.#checkedMs - sleptMs;
    const heldUpMs = lateMs > LATE_MS ? lateMs : 0;
    this.#endedMs = null;
    if (pulseMs > this.#pulseMs) {
      this.#endedMs = Math.max(this.ms, pulseMs - this.#pulseMs - this.#excusedMs - heldUpMs);
      this.#pulseMs = pulseMs;
      // The pulse may have come before both were held up.
      this.#excusedMs = Math.min(heldUpMs, Math.max(0, nowMs - pulseMs));
    } else this.#excusedMs += heldUpMs;
    this.#checkedMs = nowMs;
  }
}
