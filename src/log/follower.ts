import { messageOf } from '../support/errors.ts';
import type { LogFields, LogLevel } from '../support/logger.ts';
import { isLogged } from './logger.ts';

/** Messages that the arbiter has yet to read; beyond them records are counted and left out. */
const MOST_UNREAD = 64;
/** Lines of the access log are sent together, at most so many and so often; the rest is counted. */
const LINES_EVERY_MS = 100;
const MOST_LINES = 200;
/** Of a message or a line. */
const LONGEST = 4096;

/** What is to be followed of the logs of a worker. */
export interface Followed {
  /** The least severe level. */
  readonly level: LogLevel;
  /** Whether the lines of the access log are. */
  readonly access: boolean;
}

/** One record of a worker. */
export interface LoggedRecord {
  /** As ISO 8601. */
  readonly time: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly event?: string;
  /** Of an error. */
  readonly stack?: string;
}

/** What a worker has logged since it said so last. */
export interface Logged {
  readonly records: readonly LoggedRecord[];
  /** Of the access log. */
  readonly lines: readonly string[];
  /** How many of both were left out. */
  readonly lost: number;
}

/** Sends what this worker logs to the arbiter while somebody follows it there. Bounded: what is too much is counted. */
export class Follower {
  readonly #send: (logged: Logged) => Promise<void>;
  #followed: Followed;
  #lines: string[] = [];
  #timer: NodeJS.Timeout | null = null;
  #unread = 0;
  #lost = 0;

  constructor(followed: Followed, send: (logged: Logged) => Promise<void>) {
    this.#followed = followed;
    this.#send = send;
  }

  follow(followed: Followed): void {
    this.#followed = followed;
  }

  /** Sent at once: the event loop may be blocked the next moment. */
  record(level: LogLevel, message: string, fields: LogFields | undefined): void {
    if (!isLogged(level, this.#followed.level)) return;
    this.#say(
      [{ time: new Date().toISOString(), level, message: shortened(message), ...detailsOf(fields) }],
      [],
    );
  }

  /** A line of the access log. */
  line(line: string): void {
    if (!this.#followed.access) return;
    if (this.#lines.length >= MOST_LINES) {
      this.#lost += 1;
      return;
    }
    this.#lines.push(shortened(line.trimEnd()));
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#say([], this.#lines.splice(0));
    }, LINES_EVERY_MS).unref();
  }

  #say(records: readonly LoggedRecord[], lines: readonly string[]): void {
    if (this.#unread >= MOST_UNREAD) {
      this.#lost += records.length + lines.length;
      return;
    }
    this.#unread += 1;
    const lost = this.#lost;
    this.#lost = 0;
    void this.#send({ records, lines, lost }).then(() => {
      this.#unread -= 1;
    });
  }
}

function detailsOf(fields: LogFields | undefined): Pick<LoggedRecord, 'event' | 'stack'> {
  try {
    const { event, err } = fields ?? {};
    const stack = err instanceof Error ? err.stack : err === undefined ? undefined : messageOf(err);
    return {
      ...(typeof event === 'string' ? { event } : {}),
      ...(stack === undefined ? {} : { stack: shortened(stack) }),
    };
  } catch {
    // A getter among the fields threw.
    return {};
  }
}

function shortened(text: unknown): string {
  const whole = String(text);
  return whole.length > LONGEST ? `${whole.slice(0, LONGEST)}…` : whole;
}
