import { placeFor } from '../metrics/layout.ts';
import type { CounterStore } from '../metrics/store.ts';
import type { ServiceStatus } from '../process/status.ts';
import { type Clock, every } from '../support/clock.ts';
import type { Picture, Target } from './picture.ts';

/** How often figures are sent. */
const PUSH_MS = 5000;
/** The end of the service waits so long for the last of them. */
const LAST_MS = 1000;

export interface PusherOptions {
  readonly counters: Pick<CounterStore, 'totals' | 'measured' | 'add' | 'publish'>;
  readonly clock: Clock;
  readonly targets: readonly Target[];
  readonly now?: () => number;
}

/**
 * Sends the figures of a service every few seconds: of both arbiters of an upgrade the old one does so for both, as each
 * knows the counters of the other, and the new one from the moment when it is alone.
 */
export class Pusher {
  readonly #options: PusherOptions;
  #status: ServiceStatus | null = null;
  #isOurs = false;
  readonly #cancel: () => void;

  constructor(options: PusherOptions) {
    this.#options = options;
    this.#cancel = every(options.clock, PUSH_MS, () => void this.#push());
  }

  /** To be called after each turn of the arbiter's loop. */
  observe(status: ServiceStatus): void {
    this.#status = status;
    const isOurs = status.role !== 'new';
    if (isOurs && !this.#isOurs)
      for (const target of this.#options.targets) target.begin(this.#picture(status));
    this.#isOurs = isOurs;
  }

  /** Sends what is left, and no more. */
  async close(): Promise<void> {
    this.#cancel();
    let late: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      late = setTimeout(resolve, LAST_MS);
    });
    await Promise.race([this.#push(), patience]);
    clearTimeout(late);
    for (const target of this.#options.targets) target.close();
  }

  async #push(): Promise<void> {
    if (this.#status === null || !this.#isOurs) return;
    const { targets, counters } = this.#options;
    const picture = this.#picture(this.#status);
    await Promise.all(
      targets.map(async (target) => {
        const lost = await target.push(picture);
        const at = placeFor('tsunicorn_push_failures_total', target.name);
        if (lost === 0 || at === undefined) return;
        counters.add(at, lost);
        counters.publish();
      }),
    );
  }

  #picture(status: ServiceStatus): Picture {
    const { counters, now = Date.now } = this.#options;
    return { totals: counters.totals(), measured: counters.measured.totals(), status, atMs: now() };
  }
}
