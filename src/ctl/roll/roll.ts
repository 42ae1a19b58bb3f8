import type { Outcomes } from '../../metrics/outcomes.ts';
import { isAbort, messageOf } from '../../support/errors.ts';
import { counted, escapeControls } from '../../support/text.ts';
import type { StatusAnswer } from '../client.ts';
import { Failure, STATUS, type Status } from '../failure.ts';
import type { Host } from './hosts.ts';
import type { Run, Told } from './ssh.ts';
import { between, excessOf, type Measured, p99Text, percentText, type Thresholds } from './thresholds.ts';

/**
 * How it is with a host. `untouched`: nothing was changed; `undone`: the change was refused or taken back; `unknown`: it has
 * begun, and how it came out was not seen; `changed`: it serves, and its window is not over; `unhealthy`: it is changed, and
 * does not serve as the thresholds say; `done`.
 */
export type HostState = 'untouched' | 'undone' | 'unknown' | 'changed' | 'unhealthy' | 'done';

/** What is known of a host when the roll ends. */
export interface Row {
  readonly host: Host;
  readonly state: HostState;
  readonly generation: number | null;
  /** Null where there was no window, or nothing is counted there. */
  readonly measured: Measured | null;
  /** Why it is not done; null where there is nothing to say. */
  readonly reason: string | null;
}

export interface RollOptions {
  readonly hosts: readonly Host[];
  /** The words of the command that changes a service, without those that choose it. */
  readonly change: readonly string[];
  readonly thresholds: Thresholds;
  readonly windowMs: number;
  /** How long a host may take to change, and then to serve. */
  readonly timeoutMs: number;
  readonly run: Run;
  readonly signal: AbortSignal;
  readonly note: (text: string) => void;
  /** Resolves after so long; rejects where the signal is aborted. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly nowMs: () => number;
}

/** How a roll ended. */
export interface Rolled {
  readonly outcome: 'done' | 'stopped' | 'interrupted';
  readonly status: Status;
  readonly rows: readonly Row[];
}

/** What stops a roll, and what is known of the host at which it does. */
class Stop extends Failure {
  readonly found: Partial<Row>;

  constructor(status: Status, reason: string, found: Partial<Row>) {
    super(status, reason);
    this.found = found;
  }
}

const LOOK_MS = 1000;
/** How long a connection and a status may take. */
const STATUS_LIMIT_MS = 30_000;
/** Beyond the time that the service keeps itself. */
const SLACK_MS = 15_000;

/** Changes one host after the other, and stops at the first that does not serve as well as it has to. Never rejects. */
export async function roll(options: RollOptions): Promise<Rolled> {
  const rows: Row[] = options.hosts.map(untouched);
  for (const [index, host] of options.hosts.entries()) {
    options.note(`${host.name}: ${index + 1} of ${options.hosts.length}`);
    const step = new Step(host, options);
    try {
      rows[index] = await step.take();
    } catch (error) {
      const isInterrupted = isAbort(error) || options.signal.aborted;
      const found = error instanceof Stop ? error.found : {};
      const reason = isInterrupted ? INTERRUPTED[step.state] : messageOf(error);
      rows[index] = { ...untouched(host), state: step.state, ...found, reason };
      if (isInterrupted) return { outcome: 'interrupted', status: STATUS.interrupted, rows };
      return { outcome: 'stopped', status: error instanceof Failure ? error.status : STATUS.refused, rows };
    }
  }
  return { outcome: 'done', status: STATUS.done, rows };
}

/** Asks each host and changes nothing. Rejects where it is interrupted. */
export async function rehearse(options: RollOptions): Promise<Rolled> {
  const rows = await Promise.all(
    options.hosts.map(async (host): Promise<{ readonly row: Row; readonly status: Status }> => {
      try {
        const { generation } = await new Step(host, options).serving();
        return { row: { ...untouched(host), generation }, status: STATUS.done };
      } catch (error) {
        if (options.signal.aborted) throw error;
        const status = error instanceof Failure ? error.status : STATUS.refused;
        return { row: { ...untouched(host), reason: messageOf(error) }, status };
      }
    }),
  );
  const status = rows.find((one) => one.status !== STATUS.done)?.status ?? STATUS.done;
  return { outcome: status === STATUS.done ? 'done' : 'stopped', status, rows: rows.map(({ row }) => row) };
}

function untouched(host: Host): Row {
  return { host, state: 'untouched', generation: null, measured: null, reason: null };
}

const INTERRUPTED: Readonly<Record<HostState, string | null>> = {
  untouched: null,
  undone: null,
  unknown: 'its change goes on; tsunicornctl status there says how it comes out',
  changed: 'its window was not over',
  unhealthy: null,
  done: null,
};

/** What is looked at. */
interface Look {
  readonly generation: number | null;
  /** Null where it serves with all its workers. */
  readonly trouble: string | null;
  /** Null where nothing is counted, or by an older version that does not say. */
  readonly outcomes: Outcomes | null;
}

/** One host. */
class Step {
  /** What would be known of it if it ended now. */
  state: HostState = 'untouched';
  readonly #host: Host;
  readonly #options: RollOptions;

  constructor(host: Host, options: RollOptions) {
    this.#host = host;
    this.#options = options;
  }

  async take(): Promise<Row> {
    await this.serving();
    await this.#change();
    const before = await this.#untilItServes();
    const { generation } = before;
    const measured = await this.#watch(before);
    return { host: this.#host, state: 'done', generation, measured, reason: null };
  }

  /** A look at a host that serves. Rejects with a Failure where it does not: one more would then be away. */
  async serving(): Promise<Look> {
    const look = await this.#look();
    if (look.trouble === null) return look;
    throw new Failure(STATUS.critical, `it does not serve, and nothing was changed there: ${look.trouble}`);
  }

  async #change(): Promise<void> {
    const { run, change, signal, timeoutMs } = this.#options;
    this.state = 'unknown';
    const heard = (line: string) => this.#note(line);
    const told = await run(this.#host, change, { signal, limitMs: timeoutMs + SLACK_MS, heard });
    if (told.status !== STATUS.done) throw undone(told);
    if (told.answer === null) throw new Failure(STATUS.noService, 'its tsunicornctl gave no answer');
    this.state = 'changed';
  }

  async #untilItServes(): Promise<Look> {
    const { nowMs, pause, signal, timeoutMs } = this.#options;
    const deadlineMs = nowMs() + timeoutMs;
    for (;;) {
      const look = await this.#look();
      if (look.trouble === null) return look;
      if (nowMs() > deadlineMs) throw unhealthy(STATUS.timedOut, `it does not serve: ${look.trouble}`, look);
      await pause(LOOK_MS, signal);
    }
  }

  async #watch(before: Look): Promise<Measured | null> {
    const { nowMs, pause, signal, windowMs, thresholds } = this.#options;
    const endMs = nowMs() + windowMs;
    // What does not answer is not waited for until the end of the window.
    let after = before;
    for (let leftMs = windowMs; leftMs > 0; leftMs = endMs - nowMs()) {
      await pause(Math.min(leftMs, LOOK_MS), signal);
      after = await this.#look();
    }
    const measured = before.outcomes && after.outcomes ? between(before.outcomes, after.outcomes) : null;
    this.#note(measuredText(measured, windowMs));
    if (after.trouble !== null)
      throw unhealthy(STATUS.critical, `it does not serve: ${after.trouble}`, after, measured);
    const excess = measured && excessOf(measured, thresholds);
    if (excess !== null) throw unhealthy(STATUS.critical, excess, after, measured);
    return measured;
  }

  async #look(): Promise<Look> {
    const { run, signal } = this.#options;
    const told = await run(this.#host, ['status'], { signal, limitMs: STATUS_LIMIT_MS });
    const { status, answer, complaint } = told;
    if (status === STATUS.done && isStatus(answer)) return lookOf(answer);
    throw new Failure(
      status === STATUS.done ? STATUS.refused : STATUS.noService,
      complaint || 'its tsunicornctl gave no status',
    );
  }

  #note(text: string): void {
    this.#options.note(`${this.#host.name}: ${escapeControls(text)}`);
  }
}

function undone({ status, answer, complaint }: Told): Failure {
  const reason = typeof answer?.reason === 'string' ? answer.reason : complaint;
  switch (status) {
    case STATUS.undone:
      return new Stop(STATUS.undone, `undone, what served before keeps serving: ${reason}`, {
        state: 'undone',
      });
    case STATUS.timedOut:
      return new Failure(STATUS.timedOut, `not done in time; it goes on there${reason && `: ${reason}`}`);
    case STATUS.noService:
      return new Failure(STATUS.noService, complaint);
    case STATUS.refused:
      // It says itself why; where it does not, it may have been ended in the middle, as by a crash.
      if (answer === null && !complaint.startsWith('tsunicornctl: ')) break;
      return new Stop(STATUS.refused, `refused, nothing was changed there: ${reason}`, { state: 'undone' });
  }
  return new Failure(
    STATUS.noService,
    `its tsunicornctl ended with status ${status}; the change may go on there${reason && `: ${reason}`}`,
  );
}

function unhealthy(status: Status, reason: string, look: Look, measured: Measured | null = null): Failure {
  return new Stop(status, reason, { state: 'unhealthy', generation: look.generation, measured });
}

/** What is read of a status. */
type Seen = Pick<StatusAnswer, 'phase' | 'generation' | 'workers' | 'waits' | 'requests'>;

function isStatus(answer: Told['answer']): answer is Told['answer'] & Seen {
  return typeof answer?.workers === 'object' && answer.workers !== null && typeof answer.phase === 'string';
}

function lookOf({ phase, generation, workers: { ready, wanted }, waits, requests }: Seen): Look {
  const serves = phase === 'serving' && wanted > 0 && ready >= wanted;
  const why = waits[0] ?? `${ready} of ${wanted} workers are ready (${phase})`;
  return {
    generation,
    trouble: serves ? null : why,
    // Of an arbiter of an older version only how many have ended is known.
    outcomes: requests !== null && Array.isArray(requests.durations) ? requests : null,
  };
}

function measuredText(measured: Measured | null, windowMs: number): string {
  const during = `in ${windowMs / 1000} s`;
  if (measured === null) return `requests are not counted there; it was seen to serve ${during}`;
  const { requests, errorRate, p99Ms } = measured;
  if (requests === 0) return `no request ${during}; it was seen to serve`;
  return `${counted(requests, 'request')} ${during}, ${percentText(errorRate)} failed, p99 ${p99Text(p99Ms)}`;
}
