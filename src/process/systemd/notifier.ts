import type { RecordLog } from '../../log/records.ts';
import { type Clock, systemClock } from '../../support/clock.ts';
import type { Observe, ServiceStatus } from '../status.ts';
import { type Assignments, isHealthy, statusText, transitions } from './notification.ts';
import { Sender } from './sender.ts';
import { systemdNotify } from './systemd-notify.ts';
import type { SystemdVariables } from './variables.ts';

/** STATUS= is for people, who look now and then. */
const STATUS_EVERY_MS = 5000;
/** Each beat is a process. */
const LEAST_BEAT_MS = 50;

/** Where notifications go; neither call waits. */
export interface Outlet {
  /** Each arrives, in order. */
  announce(assignments: Assignments): void;
  /** What only counts for the moment. */
  mention(assignments: Assignments): void;
}

export interface NotifierOptions {
  readonly outlet: Outlet;
  readonly clock: Clock;
  /** CLOCK_MONOTONIC, which both sides see, in microseconds. */
  readonly monotonicUs: () => bigint;
  /** How often the watchdog wants to be fed; Infinity where there is none. */
  readonly beatMs: number;
}

/**
 * Reports the arbiter's status to the service manager. It has no timers: if the arbiter's loop stops, the watchdog is not
 * fed.
 */
export class Notifier {
  readonly #options: NotifierOptions;
  #before: ServiceStatus | null = null;
  #said = { text: '', atMs: -Infinity };
  #beatAtMs: number;

  constructor(options: NotifierOptions) {
    this.#options = options;
    this.#beatAtMs = options.beatMs === Infinity ? Infinity : -Infinity;
  }

  readonly observe: Observe = (status) => {
    const { outlet, monotonicUs } = this.#options;
    const steps = transitions(status, this.#before, monotonicUs());
    this.#before = status;
    const news = this.#news(status, steps.length > 0);
    for (const step of steps.slice(0, -1)) outlet.announce(step);
    const last = steps.at(-1);
    if (last) outlet.announce({ ...last, ...news });
    else if (Object.keys(news).length > 0) outlet.mention(news);
    return this.#lookAtMs(status);
  };

  /** Tells systemd that from now on another process is the main one of the service: the arbiter that takes over. */
  mainPid(pid: number): void {
    this.#options.outlet.announce({ MAINPID: String(pid) });
  }

  /**
   * As mainPid(), for a process that has become systemd's child since systemd was told of it. systemd checks the parent only
   * when MAINPID changes, and kills a main process that is not its child at once instead of waiting for it. So MAINPID is
   * `other` for a moment.
   */
  renewMainPid(pid: number, other: number): void {
    this.mainPid(other);
    this.mainPid(pid);
  }

  /** What is due of that which can wait; a change of state takes the text along. */
  #news(status: ServiceStatus, changes: boolean): Assignments {
    const now = this.#options.clock.now();
    const text = statusText(status);
    const speaks = text !== this.#said.text && (changes || now >= this.#speakAtMs);
    const beats = isHealthy(status) && now >= this.#beatAtMs;
    if (speaks) this.#said = { text, atMs: now };
    if (beats) this.#beatAtMs = now + this.#options.beatMs;
    return { ...(speaks ? { STATUS: text } : {}), ...(beats ? { WATCHDOG: '1' } : {}) };
  }

  #lookAtMs(status: ServiceStatus): number {
    const silent = statusText(status) === this.#said.text;
    return Math.min(silent ? Infinity : this.#speakAtMs, isHealthy(status) ? this.#beatAtMs : Infinity);
  }

  get #speakAtMs(): number {
    return this.#said.atMs + STATUS_EVERY_MS;
  }
}

/** How often to feed the watchdog: at half of WATCHDOG_USEC, if it is for this process; see sd_watchdog_enabled(3). */
export function beatMsOf({ WATCHDOG_USEC, WATCHDOG_PID }: SystemdVariables, pid: number): number {
  if (WATCHDOG_PID !== undefined && WATCHDOG_PID !== String(pid)) return Infinity;
  const us = Number(WATCHDOG_USEC);
  return us > 0 ? Math.max(us / 2000, LEAST_BEAT_MS) : Infinity;
}

/**
 * The notifier of this process, for the service manager that set `variables.NOTIFY_SOCKET`. PATH is that of our start:
 * what the settings add to it is for the workers, and systemd-notify runs with our own rights.
 */
export function createNotifier(
  variables: SystemdVariables & { readonly NOTIFY_SOCKET: string; readonly PATH: string | undefined },
  log: RecordLog,
): Notifier {
  return new Notifier({
    outlet: new Sender(
      (assignments) => systemdNotify(variables, assignments),
      (reason) =>
        log.error(`A message to systemd could not be sent (NOTIFY_SOCKET): ${reason}`, {
          event: 'notify-failed',
          reason,
        }),
    ),
    clock: systemClock,
    monotonicUs: () => process.hrtime.bigint() / 1000n,
    beatMs: beatMsOf(variables, process.pid),
  });
}
