import type { Clock } from '../../src/support/clock.ts';

interface Timer {
  readonly atMs: number;
  readonly fire: () => void;
}

// A loop that is still busy after this many turns at one moment would spin for ever.
const MAX_TURNS = 200;

/** A clock that stands still until it is told to move; it begins at `startMs`. */
export class FakeClock implements Clock {
  #nowMs: number;
  readonly #timers = new Set<Timer>();

  constructor(startMs = 1_000_000) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  after(ms: number, fire: () => void): () => void {
    const timer = { atMs: this.#nowMs + ms, fire };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Lets everything run that can run now. Rejects when it does not come to rest. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < MAX_TURNS; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (!this.#fireDue()) return;
    }
    throw new Error(`still busy after ${MAX_TURNS} turns at ${this.#nowMs} ms`);
  }

  /** Moves on by `ms`, stopping at every timer on the way. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await this.settle();
    for (let next = this.#earliest(); next <= untilMs; next = this.#earliest()) {
      this.#nowMs = next;
      await this.settle();
    }
    this.#nowMs = untilMs;
    await this.settle();
  }

  /** Time passes while nothing runs: timers that came due meanwhile all fire late. */
  async oversleep(ms: number): Promise<void> {
    this.block(ms);
    await this.settle();
  }

  /** Time passes while the event loop is blocked: what came due fires before it looks at its sockets. */
  wakeLate(ms: number): void {
    this.block(ms);
    this.#fireDue();
  }

  /** How many timers are set. */
  get timerCount(): number {
    return this.#timers.size;
  }

  /** Time passes within the present turn, as while somebody's code computes. */
  block(ms: number): void {
    this.#nowMs += ms;
  }

  #earliest(): number {
    return Math.min(...[...this.#timers].map(({ atMs }) => atMs));
  }

  #fireDue(): boolean {
    const due = [...this.#timers].filter(({ atMs }) => atMs <= this.#nowMs).sort((a, b) => a.atMs - b.atMs);
    for (const timer of due) if (this.#timers.delete(timer)) timer.fire();
    return due.length > 0;
  }
}
