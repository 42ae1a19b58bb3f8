/** The mean over time of a share that changes: whether a request runs, or how many of the threads are busy. */
export class ShareMeter {
  readonly #nowMs: () => number;
  #share = 0;
  #sinceMs: number;
  #beganMs: number;
  #sum = 0;

  /** `nowMs` is a clock in milliseconds. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
    this.#beganMs = nowMs();
    this.#sinceMs = this.#beganMs;
  }

  /** From now on the share is `share`. */
  set(share: number): void {
    const now = this.#nowMs();
    this.#sum += this.#share * (now - this.#sinceMs);
    this.#share = share;
    this.#sinceMs = now;
  }

  /** The mean since the last time it was taken. */
  take(): number {
    this.set(this.#share);
    const mean = this.#sinceMs > this.#beganMs ? this.#sum / (this.#sinceMs - this.#beganMs) : this.#share;
    this.#beganMs = this.#sinceMs;
    this.#sum = 0;
    return mean;
  }
}
