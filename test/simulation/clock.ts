import type { Clock } from '../../src/support/clock.ts';

/** Something that happens at a certain time. */
export interface Timer {
  readonly atMs: number;
  readonly order: number;
  /** Whether it is a timer of the arbiter, which does not fire while the arbiter is stopped. */
  readonly isArbiters: boolean;
  /** Null where it was cancelled, or has fired. */
  fire: (() => void) | null;
}

/** Virtual time, which passes only on demand. Timers that are due at the same time fire in the order in which they were set. */
export class SimulatedClock implements Clock {
  #nowMs: number;
  #order = 0;
  /** A heap by time and order; a timer that was cancelled stays until its time. */
  readonly #heap: Timer[] = [];

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  after(ms: number, fire: () => void): () => void {
    return this.#add(ms, fire, false);
  }

  /** The clock as the arbiter has it. */
  readonly arbiters: Clock = {
    now: () => this.#nowMs,
    after: (ms, fire) => this.#add(ms, fire, true),
  };

  #add(ms: number, fire: () => void, isArbiters: boolean): () => void {
    const timer: Timer = { atMs: this.#nowMs + Math.max(0, ms), order: this.#order++, isArbiters, fire };
    this.#heap.push(timer);
    this.#up(this.#heap.length - 1);
    return () => {
      timer.fire = null;
    };
  }

  /** When the next timer is due; Infinity where there is none. */
  get nextMs(): number {
    this.#dropCancelled();
    return this.#heap[0]?.atMs ?? Infinity;
  }

  /** Takes the timer that is due first and lets time pass until then. */
  take(): Timer | null {
    this.#dropCancelled();
    const timer = this.#pop();
    if (timer === undefined) return null;
    this.#nowMs = Math.max(this.#nowMs, timer.atMs);
    return timer;
  }

  /** Lets time pass without any timer. */
  pass(ms: number): void {
    this.#nowMs += ms;
  }

  #dropCancelled(): void {
    while (this.#heap.length > 0 && this.#heap[0]?.fire === null) this.#pop();
  }

  #pop(): Timer | undefined {
    const [first] = this.#heap;
    const last = this.#heap.pop();
    if (last !== undefined && last !== first) {
      this.#heap[0] = last;
      this.#down();
    }
    return first;
  }

  #up(from: number): void {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#swapIfLess(at, above)) return;
      at = above;
    }
  }

  #down(): void {
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const least = this.#isLess(left + 1, left) ? left + 1 : left;
      if (!this.#swapIfLess(least, at)) return;
      at = least;
    }
  }

  #isLess(one: number, other: number): boolean {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (a === undefined || b === undefined) return false;
    return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
  }

  #swapIfLess(one: number, other: number): boolean {
    if (!this.#isLess(one, other)) return false;
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (a === undefined || b === undefined) return false;
    this.#heap[one] = b;
    this.#heap[other] = a;
    return true;
  }
}
