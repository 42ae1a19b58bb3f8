import type { BootOrder, WorkerMessage } from '../src/ipc.ts';
import type { Logger } from '../src/log/logger.ts';
import { startHeartbeat } from './heartbeat.ts';
import type { Inbox } from './inbox.ts';
import type { Serving } from './serving.ts';
import { startWatchdog, type Watchdog } from './watchdog.ts';

/** By what others see that this worker's event loop turns: heartbeats for the arbiter, a pulse for the watchdog. */
export class SignsOfLife {
  readonly #inbox: Inbox;
  readonly #order: BootOrder;
  readonly #log: Logger;
  /** What is served, as soon as anything is. */
  #serving: Serving | null = null;
  #watchdog: Watchdog | null = null;

  constructor(inbox: Inbox, order: BootOrder, log: Logger) {
    this.#inbox = inbox;
    this.#order = order;
    this.#log = log;
  }

  /** Tells the arbiter that the application is loaded, and from now on that the event loop turns. */
  async standBy(): Promise<void> {
    await this.#begin({ tsunicorn: 'standby' });
  }

  /** Tells the arbiter that the worker accepts; the rest has begun where it stood by. */
  async serve(serving: Serving): Promise<void> {
    const ready = { tsunicorn: 'ready', urls: serving.urls } as const;
    this.#serving = serving;
    if (this.#order.settings.spareWorkers > 0) await this.#inbox.send(ready);
    else await this.#begin(ready);
  }

  async #begin(message: WorkerMessage): Promise<void> {
    const { settings } = this.#order;
    const meter = settings.workersMax === null ? null : new (await import('./load-meter.ts')).LoadMeter();
    startHeartbeat(settings, () => {
      this.#watchdog?.beat();
      const load = meter && this.#serving ? meter.read(this.#serving) : null;
      void this.#inbox.send(load ? { tsunicorn: 'heartbeat', load } : { tsunicorn: 'heartbeat' });
    });
    await this.#inbox.send(message);
    this.#watchdog = startWatchdog(this.#order, () => this.#serving?.connections ?? null, this.#log);
  }
}
