import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Handler } from '../app/application.ts';
import { Condition, type Course, type Phase } from '../log/condition.ts';
import type { WorkerLog } from '../log/records.ts';
import type { Clock } from '../support/clock.ts';
import { seconds } from '../support/duration.ts';
import { queueMsOf } from '../support/queue-time.ts';
import { answerError } from './answer-error.ts';
import type { RequestCount } from './observer.ts';
import { nameRequest, requestField } from './request-name.ts';

/** The limit has not been exceeded for so long when the log says that it is over. */
const QUIET_MS = 10_000;

export interface QueueLimitOptions {
  /** --queue-timeout, above 0. */
  readonly seconds: number;
  readonly count: Pick<RequestCount, 'refused'> | null;
  readonly log: WorkerLog;
  readonly clock: Clock;
}

/** A request that was late. */
interface Late {
  readonly request: IncomingMessage;
  readonly waitedMs: number;
}

/** Refuses requests whose client has waited for too long already, before the application sees them. */
export class QueueLimit {
  readonly #options: QueueLimitOptions;
  readonly #limitMs: number;
  readonly #late: Condition<Late>;

  constructor(options: QueueLimitOptions) {
    this.#options = options;
    this.#limitMs = options.seconds * 1000;
    const { clock } = options;
    this.#late = new Condition({
      clock,
      quietMs: QUIET_MS,
      say: (phase, course) => this.#say(phase, course),
    });
  }

  /** The handler, which gets the others. */
  guard(handler: Handler): Handler {
    return (request, response) => (this.refuses(request, response) ? undefined : handler(request, response));
  }

  /**
   * Whether the request is refused, with 503. It has waited since a proxy got it, if one says so, otherwise since
   * `sinceMs` of the clock.
   */
  refuses(request: IncomingMessage, response: ServerResponse, sinceMs: number | null = null): boolean {
    const { clock, count } = this.#options;
    const waitedMs = queueMsOf(request) ?? (sinceMs === null ? 0 : clock.now() - sinceMs);
    if (waitedMs <= this.#limitMs) return false;
    count?.refused('QUEUE_TIMEOUT');
    this.#late.note({ request, waitedMs });
    answerError(response, 503, { 'Retry-After': '1' });
    return true;
  }

  #say(phase: Phase, { count, durationMs, detail: { request, waitedMs } }: Course<Late>): void {
    const { log } = this.#options;
    const limit = `${this.#options.seconds} s (--queue-timeout)`;
    const fields = { event: 'queue-timeout', setting: '--queue-timeout', phase, count, durationMs } as const;
    if (phase === 'ends')
      return log.info(
        `No request has waited for longer than ${limit} for ${QUIET_MS / 1000} s; ${count} got 503`,
        fields,
      );
    const latest = `${nameRequest(request)} had waited for ${seconds(waitedMs)} before it was handled, and the limit is ${limit}: its client got 503`;
    const all = phase === 'begins' ? '' : `; ${count} so far`;
    log.warning(`${latest}${all}`, { ...fields, request: requestField(request) });
  }
}
