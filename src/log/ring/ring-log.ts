import { messageOf } from '../../support/errors.ts';
import type { LogFields, LogLevel } from '../../support/logger.ts';
import { withoutQuery } from '../../support/text.ts';
import { isLogged } from '../logger.ts';
import type { RingWriter } from './writer.ts';

/** Lines of the access log are written together, at most so many and so often; the rest is counted. */
const LINES_EVERY_MS = 100;
const MOST_LINES = 500;
/** Of a message or a line. */
const LONGEST = 4096;

/** What is to be followed of the logs of a worker beyond what is in its log. */
export interface Followed {
  /** The least severe level. */
  readonly level: LogLevel;
  /** Whether the lines of the access log are. */
  readonly access: boolean;
}

/** A line of a ring: a record, or a line of the access log. */
export type RingLine =
  | {
      /** As ISO 8601. */
      readonly time: string;
      readonly level: LogLevel;
      readonly message: string;
      readonly event?: string;
      /** Of a condition that lasts. */
      readonly phase?: string;
      /** Of an error, or of a loop that is blocked. */
      readonly stack?: string;
      /** The first request that a record is about: its method and path. */
      readonly request?: string;
    }
  | { readonly access: string };

/** What a worker logs, in its ring: what its log has, and while somebody follows it what that one wants. */
export class RingLog {
  readonly #ring: Pick<RingWriter, 'write' | 'lose'>;
  #level: LogLevel;
  #followed: Followed | null = null;
  #lines: string[] = [];
  #lost = 0;
  #timer: NodeJS.Timeout | null = null;

  /** `level` is that of its log. */
  constructor(ring: Pick<RingWriter, 'write' | 'lose'>, level: LogLevel) {
    this.#ring = ring;
    this.#level = level;
  }

  /** From now on its log has this level. */
  setLevel(level: LogLevel): void {
    this.#level = level;
  }

  /** Null is nobody. */
  follow(followed: Followed | null): void {
    this.#followed = followed;
  }

  /** Written at once: the event loop may be blocked the next moment. */
  record(level: LogLevel, message: string, fields: LogFields | undefined): void {
    const followed = this.#followed !== null && isLogged(level, this.#followed.level);
    if (!followed && !isLogged(level, this.#level)) return;
    this.#put([lineOf(new Date(), level, message, fields)]);
  }

  /** A line of the access log. */
  line(line: string): void {
    if (this.#lines.length < MOST_LINES) this.#lines.push(shortened(line.trimEnd()));
    else this.#lost += 1;
    this.#timer ??= setTimeout(() => this.#flush(), LINES_EVERY_MS).unref();
  }

  #flush(): void {
    this.#timer = null;
    this.#put(this.#lines.splice(0).map((access) => ({ access })));
    if (this.#lost > 0) this.#ring.lose(this.#lost);
    this.#lost = 0;
  }

  #put(lines: readonly RingLine[]): void {
    this.#ring.write(lines.map((line) => JSON.stringify(line)));
  }
}

/** A record as a line of a ring. */
export function lineOf(
  time: Date,
  level: LogLevel,
  message: string,
  fields: LogFields | undefined,
): RingLine {
  return { time: time.toISOString(), level, message: shortened(message), ...detailsOf(fields) };
}

function detailsOf(
  fields: LogFields | undefined,
): Pick<Extract<RingLine, { message: string }>, 'event' | 'phase' | 'stack' | 'request'> {
  try {
    const { event, phase, err, stack: frames, requests } = fields ?? {};
    const ofError = err instanceof Error ? err.stack : err === undefined ? undefined : messageOf(err);
    const stack = ofError ?? (Array.isArray(frames) ? frames.join('\n') : undefined);
    const request = Array.isArray(requests) ? requestText(requests[0]) : undefined;
    return {
      ...(typeof event === 'string' ? { event } : {}),
      ...(typeof phase === 'string' ? { phase } : {}),
      ...(stack === undefined ? {} : { stack: shortened(stack) }),
      ...(request === undefined ? {} : { request: shortened(request) }),
    };
  } catch {
    // A getter among the fields threw.
    return {};
  }
}

function requestText(
  request: { readonly method?: unknown; readonly path?: unknown } | undefined,
): string | undefined {
  const { method, path } = request ?? {};
  return typeof method === 'string' && typeof path === 'string'
    ? `${method} ${withoutQuery(path)}`
    : undefined;
}

function shortened(text: unknown): string {
  const whole = String(text);
  return whole.length > LONGEST ? `${whole.slice(0, LONGEST)}…` : whole;
}
