/** On a busy machine a thread may get a processor this late, which says nothing about the other thread. */
const LATE_MS = 100;

/**
 * How long a pulse has been silent, for an observer that checks it now and then. Time for which the observer itself was
 * held up (a stopped process, a machine that slept) does not count, since it held up the pulse too. All times are
 * milliseconds of one clock.
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

  /** The silence at the last check. */
  get ms(): number {
    return Math.max(0, this.#checkedMs - this.#pulseMs - this.#excusedMs);
  }

  /** The longest silence that a pulse has ended between the last two checks; null where none has. */
  get endedMs(): number | null {
    return this.#endedMs;
  }

  /** The silence until the last check does not count. */
  excuse(): void {
    this.#excusedMs = this.#checkedMs - this.#pulseMs;
  }

  /** To be called after each sleep; `sleptMs` is how long it was meant to be. */
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
