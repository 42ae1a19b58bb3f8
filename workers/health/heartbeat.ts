import type { FlightTable } from '../../src/flights/table.ts';
import type { BootSpec } from '../../src/process/ipc/boot-spec.ts';
import type { WorkerMessage } from '../../src/process/ipc/messages.ts';
import type { Settings } from '../../src/settings/catalogue/catalogue.ts';
import { type Clock, every } from '../../src/support/clock.ts';
import type { Inbox } from '../inbox.ts';
import type { Logs } from '../logs.ts';
import type { Serving } from '../serving.ts';
import { type SharedCounters, startWatchdog, type Watchdog } from './watchdog.ts';

export interface HeartbeatOptions {
  readonly inbox: Pick<Inbox, 'send'>;
  readonly spec: Pick<BootSpec, 'settings' | 'watchdogFd'>;
  readonly flights: FlightTable;
  readonly logs: Pick<Logs, 'log' | 'access'>;
  readonly counters?: SharedCounters | null;
  readonly clock: Clock;
}

/** What a worker tells the arbiter about itself, regularly. */
export class Heartbeat {
  readonly #inbox: Pick<Inbox, 'send'>;
  readonly #spec: HeartbeatOptions['spec'];
  readonly #logs: HeartbeatOptions['logs'];
  readonly #flights: FlightTable;
  readonly #counters: SharedCounters | null;
  readonly #clock: Clock;
  /** Null until the worker serves. */
  #serving: Serving | null = null;
  #watchdog: Watchdog | null = null;
  /** Ends the messages while the worker boots; most boots end before the first of them. */
  readonly #stopLoading: () => void;

  constructor({ inbox, spec, flights, logs, counters = null, clock }: HeartbeatOptions) {
    this.#inbox = inbox;
    this.#spec = spec;
    this.#flights = flights;
    this.#logs = logs;
    this.#counters = counters;
    this.#clock = clock;
    this.#stopLoading = every(clock, LOADING_MS, () => void inbox.send({ tsunicorn: 'loading' }));
  }

  /** The application is loaded, and no socket open. */
  async announceStandby(): Promise<void> {
    await this.#begin({ tsunicorn: 'standby' });
  }

  /** The worker accepts, and its application was loaded from the file `app`. A spare worker has been beating already. */
  async announceReady(serving: Serving, app: string | null): Promise<void> {
    const ready = { tsunicorn: 'ready', urls: serving.urls, ...(app === null ? {} : { app }) } as const;
    this.#serving = serving;
    if (this.#spec.settings.spareWorkers > 0) await this.#inbox.send(ready);
    else await this.#begin(ready);
  }

  /** The worker is to end within the grace; otherwise the watchdog ends it. */
  leaveWithin(graceMs: number): void {
    this.#watchdog?.leaveWithin(graceMs);
  }

  /** Sends the message, and from now on heartbeats, which show that the event loop runs. */
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
      this.#counters,
    );
  }
}

const LOADING_MS = 1000;

/** The interval of heartbeats and of checks of the memory, in milliseconds: several in each `timeout`. */
export function beatEveryMs({ timeout }: Pick<Settings, 'timeout'>): number {
  return timeout === 0 ? 1000 : Math.min(1000, Math.max(20, timeout * 250));
}

/** Calls `beat` several times in each `timeout` while the event loop runs; never where nothing depends on it. */
function startHeartbeat(settings: Settings, clock: Clock, beat: () => void): void {
  const { timeout, watchdog, workersMax } = settings;
  // Without a timeout the heartbeat still reports the load, or shows the arbiter that the worker is stopped.
  if (timeout === 0 && !watchdog && workersMax === null) return;
  every(clock, beatEveryMs(settings), beat);
}
