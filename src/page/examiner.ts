import { WaitReader } from '../admin/waits.ts';
import type { Controlled } from '../control/controlled.ts';
import { examine } from '../control/doctor/diagnose.ts';
import type { Finding } from '../control/doctor/finding.ts';

/** It reads what every process of the service has logged, while the arbiter does nothing else. */
const LOOK_MS = 5000;

/** What the doctor finds, as of a moment ago. */
export class Examiner {
  readonly #service: Controlled;
  readonly #waits = new WaitReader();
  #findings: readonly Finding[] = [];
  #lookedMs = -Infinity;
  #isLooking = false;

  constructor(service: Controlled) {
    this.#service = service;
  }

  /** What is known, without waiting; looks again where that is older than five seconds. */
  get findings(): readonly Finding[] {
    const nowMs = performance.now();
    if (nowMs - this.#lookedMs >= LOOK_MS && !this.#isLooking) {
      this.#lookedMs = nowMs;
      void this.#look();
    }
    return this.#findings;
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    try {
      this.#findings = examine(
        this.#service,
        await this.#waits.read(this.#service.listeners(), undefined, 'known'),
      );
    } catch {
      // The page goes on with what it had; the installation may have been replaced.
    } finally {
      this.#isLooking = false;
    }
  }
}
