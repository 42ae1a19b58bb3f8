import type { WorkerLoad } from '../../src/process/ipc/messages.ts';
import type { Clock } from '../../src/support/clock.ts';
import type { Serving } from '../serving.ts';

/** A span shorter than this, in milliseconds, says nothing about the load; the arbiter reads it every second. */
const SPAN_MS = 900;

/** How busy a worker is: its event loop, or what its class has a limited number of, such as threads. */
export class LoadMeter {
  readonly #clock: Clock;
  #last = performance.eventLoopUtilization();
  #lastMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lastMs = clock.now();
  }

  /** The load since the last reading; null if that was too short a time ago. */
  read({ connections, utilisation }: Serving): WorkerLoad | null {
    const nowMs = this.#clock.now();
    if (nowMs - this.#lastMs < SPAN_MS) return null;
    const now = performance.eventLoopUtilization();
    const loop = performance.eventLoopUtilization(now, this.#last).utilization;
    this.#last = now;
    this.#lastMs = nowMs;
    return { utilisation: Math.max(loop, utilisation?.() ?? 0), inFlight: connections.inFlight };
  }
}
