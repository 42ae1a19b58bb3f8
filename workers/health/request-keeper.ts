import { FlightReader } from '../../src/flights/reader.ts';
import { shortPath } from '../../src/http/request-name.ts';
import type { BlockSeen, StallSeen } from '../../src/process/ipc/blocks.ts';
import type { AccountCommand } from '../../src/process/ipc/flights.ts';
import type { WatchdogCommand } from '../../src/process/ipc/messages.ts';
import { ArbiterLine } from './arbiter-line.ts';
import { FlightMirror } from './flight-mirror.ts';
import { LastLines } from './last-lines.ts';
import type { WatchdogSpec } from './watchdog.ts';

/**
 * How often the table is read while there are requests. A round wakes this thread, which under load costs the main one
 * more than what the round does. Lines that the main thread has not written in time are to be written within 100 ms.
 */
const ROUND_MS = 100;
const ROUND_OF_LINES_MS = 50;
/** The longest sleep; the next request ends it. */
const REST_MS = 60_000;

type Line = Pick<ArbiterLine, 'say' | 'isFull'>;
type OpenLine = (fd: number, ordered: (command: WatchdogCommand) => void) => Line;
/** What the arbiter tells a watchdog of other things. */
type OtherCommand = Exclude<WatchdogCommand, AccountCommand>;

/**
 * What the watchdog's thread does about requests: it reports those in flight to the arbiter, and writes the lines of the
 * access log that the main thread cannot write.
 */
export class RequestKeeper {
  readonly line: Line;
  readonly #reader: FlightReader;
  readonly #mirror: FlightMirror;
  readonly #lines: LastLines | null;
  readonly #timeOrigin: number;
  #finished: Promise<boolean | null> | null = null;

  constructor(
    { fd, flights, timeOrigin, access }: Pick<WatchdogSpec, 'fd' | 'flights' | 'timeOrigin' | 'access'>,
    openLine: OpenLine = (...args) => new ArbiterLine(...args),
    other: (command: OtherCommand) => void = () => {},
  ) {
    this.line = openLine(fd, (command) =>
      command.tsunicorn === 'account' ? void this.#account(command) : other(command),
    );
    this.#reader = new FlightReader(flights);
    this.#mirror = new FlightMirror(this.#reader, timeOrigin);
    this.#timeOrigin = timeOrigin;
    this.#lines =
      access &&
      new LastLines({
        reader: this.#reader,
        shared: access,
        forward: (lines) => void this.line.say({ tsunicorn: 'accessLines', lines }),
      });
  }

  /** Runs until the process is about to be killed. */
  async run(): Promise<void> {
    while (this.#finished === null) {
      this.#reader.rest();
      this.#round();
      if (!this.#hasMore) await this.#reader.changed(REST_MS);
      // After a change too: most requests end before there is anything to tell of them, and a look at each as it begins
      // would wake this thread, and cost the main one the waking, up to thousands of times a second.
      await this.#reader.pause(this.#lines === null ? ROUND_MS : ROUND_OF_LINES_MS);
    }
  }

  /**
   * Writes the lines of all requests, which end now for this reason. Returns whether none is missing; null where those in
   * flight are left to the arbiter, which has been told of them.
   */
  finish(reason: string): Promise<boolean | null> {
    this.#finished ??= this.#finish(reason).catch(() => false);
    return this.#finished;
  }

  async #finish(reason: string): Promise<boolean | null> {
    if (this.#lines === null) return true;
    const isComplete = await this.#lines.finish(this.#nowMs(), reason);
    if (isComplete === null) this.#mirror.round(this.#nowMs(), (message) => this.line.say(message));
    return isComplete;
  }

  /** The requests in flight, as the main thread wrote them down. */
  seen(): Omit<StallSeen, 'stack' | 'unread'> {
    const now = this.#nowMs();
    const waiting = this.#reader.list().filter(({ ended, upgraded }) => !ended && !upgraded);
    const requests = waiting.map(({ method, url, startMs, status, requestId, traceId }) => ({
      ...(requestId === '' ? {} : { requestId }),
      ...(traceId === '' ? {} : { traceId }),
      method,
      path: shortPath(url),
      ageMs: now - startMs,
      got: status === 0 ? ('cut' as const) : ('part' as const),
    }));
    return { requests, omitted: this.#reader.beyond };
  }

  /** The requests that wait, the latest `most` of them by name. */
  waiting(most: number): Omit<BlockSeen, 'stack'> {
    const { requests, omitted } = this.seen();
    const named = [...requests].sort((a, b) => a.ageMs - b.ageMs).slice(0, most);
    return {
      requests: named.map(({ got: _, ...request }) => request),
      waiting: requests.length + omitted,
    };
  }

  /** Whether the next round may have something to do although nothing changes. */
  get #hasMore(): boolean {
    return this.#mirror.isBehind || this.#lines?.isEmpty === false;
  }

  #round(): void {
    const now = this.#nowMs();
    if (!this.line.isFull) this.#mirror.round(now, (message) => this.line.say(message));
    this.#lines?.round(now);
  }

  async #account({ reason }: AccountCommand): Promise<void> {
    const complete = await this.finish(reason);
    if (complete !== null) await this.line.say({ tsunicorn: 'accounted', complete });
  }

  /** Of the main thread's performance.now(). */
  #nowMs(): number {
    return performance.timeOrigin + performance.now() - this.#timeOrigin;
  }
}
