import type { FlightTable } from '../../src/flights/table.ts';
import type { BootSpec, WorkerMessage } from '../../src/process/ipc.ts';
import type { Settings } from '../../src/settings/catalogue/catalogue.ts';
import { type Clock, every } from '../../src/support/clock.ts';
import type { Inbox } from '../inbox.ts';
import type { Logs } from '../logs.ts';
import type { Serving } from '../serving.ts';
import { startWatchdog, type Watchdog } from './watchdog.ts';

export interface HeartbeatOptions {
  readonly inbox: Pick<Inbox, 'send'>;
  readonly spec: BootSpec;
  readonly flights: FlightTable;
  readonly logs: Logs;
  readonly clock: Clock;
}

/** What a worker tells the arbiter of itself from the moment its application is loaded. */
export class Heartbeat {
  readonly #inbox: Pick<Inbox, 'send'>;
  readonly #spec: BootSpec;
  readonly #logs: Logs;
  readonly #flights: FlightTable;
  readonly #clock: Clock;
  /** What is served, as soon as anything is. */
  #serving: Serving | null = null;
  #watchdog: Watchdog | null = null;
  /** While it boots; most are faster than the first of these. */
  readonly #stopLoading: () => void;

  constructor({ inbox, spec, flights, logs, clock }: HeartbeatOptions) {
    this.#inbox = inbox;
    this.#spec = spec;
    this.#flights = flights;
    this.#logs = logs;
    this.#clock = clock;
    this.#stopLoading = every(clock, LOADING_MS, () => void inbox.send({ tsunicorn: 'loading' }));
  }

  /** The application is loaded, and no socket open. */
  async announceStandby(): Promise<void> {
    await this.#begin({ tsunicorn: 'standby' });
  }

  /** The worker accepts, and loaded the application from the file `app`; it beats already where it stood by before. */
  async announceReady(serving: Serving, app: string | null): Promise<void> {
    const ready = { tsunicorn: 'ready', urls: serving.urls, ...(app === null ? {} : { app }) } as const;
    this.#serving = serving;
    if (this.#spec.settings.spareWorkers > 0) await this.#inbox.send(ready);
    else await this.#begin(ready);
  }

  /** The worker ends by itself; the watchdog ends it where it does not. */
  leaveWithin(graceMs: number): void {
    this.#watchdog?.leaveWithin(graceMs);
  }

  /** Says so, and from now on that the event loop turns. */
  async #begin(message: WorkerMessage): Promise<void> {
    this.#stopLoading();
    const { settings } = this.#spec;
    const meter =
      settings.workersMax === null ? null : new (await import('./load-meter.ts')).LoadMeter(this.#clock);
    startHeartbeat(settings, this.#clock, () => {
      const load = meter && this.#serving ? meter.read(this.#serving) : null;
      void this.#inbox.send(load ? { tsunicorn: 'heartbeat', load } : { tsunicorn: 'heartbeat' });
    });
    await this.#inbox.send(message);
    this.#watchdog = startWatchdog(
      this.#spec,
      () => this.#serving?.connections ?? null,
      this.#flights,
      this.#logs,
    );
  }
}

const LOADING_MS = 1000;

/** How often a worker looks at itself: several times in each `timeout`. In milliseconds. */
export function beatEveryMs({ timeout }: Pick<Settings, 'timeout'>): number {
  return timeout === 0 ? 1000 : Math.min(1000, Math.max(20, timeout * 250));
}

/** Calls `beat` while the event loop turns, several times in each `timeout`; never where nobody would miss it. */
function startHeartbeat(settings: Settings, clock: Clock, beat: () => void): void {
  const { timeout, watchdog, workersMax } = settings;
  // Without a limit the load is still reported, and that it is stopped is still seen.
  if (timeout === 0 && !watchdog && workersMax === null) return;
  every(clock, beatEveryMs(settings), beat);
}
