import type { ServerResponse } from 'node:http';
import { StreamResponse } from '../app/http2/stream-response.ts';
import { Condition, type Course, type Phase } from '../log/condition.ts';
import type { WorkerLog } from '../log/records.ts';
import type { Clock } from '../support/clock.ts';
import { tagText } from '../support/request-id.ts';
import type { Connections } from './connections.ts';
import { isEventStream } from './drain/long-lived.ts';
import type { Flight } from './flight.ts';
import { namesOf, type UnansweredRequest } from './unanswered.ts';

const MOST_NAMED = 5;

export interface StuckOptions {
  readonly connections: Pick<Connections, 'requests'>;
  /** A request of which nothing was sent or received for so long is stuck. */
  readonly warnMs: number;
  /** What ends such a request, if anything does. */
  readonly limit: { readonly setting: string; readonly ms: number } | null;
  readonly log: WorkerLog;
  readonly clock: Clock;
}

interface Stuck {
  readonly count: number;
  readonly oldest: readonly UnansweredRequest[];
}

/** How many bytes a connection had carried, and when that number was last seen to change. */
interface Progress {
  readonly bytes: number;
  readonly movedMs: number;
}

/** Logs that requests wait for an answer although the event loop runs: a promise never settles, or a dependency is slow. */
export class StuckRequests {
  readonly #options: StuckOptions;
  readonly #clock: Clock;
  readonly #condition: Condition<Stuck>;
  #progress = new Map<ServerResponse, Progress>();
  #most = 0;

  constructor(options: StuckOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#condition = new Condition({
      clock: this.#clock,
      say: (phase, course) => this.#say(phase, course),
    });
  }

  /** To be called several times in `warnMs`. */
  check(): void {
    const now = this.#clock.now();
    const waiting = this.#options.connections.requests().filter(isTheApplications);
    this.#progress = new Map(waiting.map((flight) => [flight.response, this.#progressOf(flight, now)]));
    const stuck = waiting
      .filter(({ response }) => now - (this.#progress.get(response)?.movedMs ?? now) >= this.#options.warnMs)
      .toSorted((a, b) => a.sinceMs - b.sinceMs);
    if (stuck.length === 0) {
      this.#condition.end();
      this.#most = 0;
      return;
    }
    this.#most = Math.max(this.#most, stuck.length);
    this.#condition.note({ count: stuck.length, oldest: namesOf(stuck, now, MOST_NAMED) }, 0);
  }

  #progressOf({ response, sinceMs }: Flight, now: number): Progress {
    const bytes = bytesOf(response);
    const before = this.#progress.get(response);
    if (before?.bytes === bytes) return before;
    // If it is seen for the first time and its answer has not begun, nothing was sent since it came.
    return { bytes, movedMs: before === undefined && !response.headersSent ? sinceMs : now };
  }

  #say(phase: Phase, { durationMs, detail: { count, oldest } }: Course<Stuck>): void {
    const { log, limit, warnMs } = this.#options;
    const fields = {
      ...{ phase, durationMs, setting: '--request-warning', limit: limit?.setting ?? null },
    } as const;
    if (phase === 'ends')
      return log.info(
        `Requests no longer wait for ${seconds(warnMs)} or more; up to ${this.#most} did, for ${seconds(durationMs)}`,
        { event: 'requests-stuck', ...fields, count: 0, requests: [] },
      );
    const [first] = oldest;
    const name = first ? `${first.method} ${first.path}${tagText(first)}, for ${seconds(first.ageMs)}` : '';
    const which = count === 1 ? '1 request waits' : `${count} requests wait`;
    log.warning(
      `${which} for an answer, with nothing sent for ${seconds(warnMs)} or more; the oldest is ${name}; ${endOf(limit)}`,
      {
        event: 'requests-stuck',
        ...fields,
        ...{ count, requests: oldest },
        lines:
          count === 1
            ? []
            : [...oldest.map(lineOf), ...(count > MOST_NAMED ? [`and ${count - MOST_NAMED} more`] : [])],
      },
    );
  }
}

/** What changes while a request moves. */
function bytesOf(response: ServerResponse): number {
  if (response instanceof StreamResponse) return response.writes;
  return (response.socket?.bytesRead ?? 0) + (response.socket?.bytesWritten ?? 0);
}

/** Whether the client waits for the application. */
function isTheApplications({ response }: Flight): boolean {
  if (response instanceof StreamResponse) return isTheApplicationsStream(response);
  const { req, socket } = response;
  // An earlier answer on its connection is under way, or its own is, and the client is slow to read it.
  if (socket === null || response.writableEnded || socket.writableLength > 0) return false;
  // The client has yet to send, unless what it sent is not taken.
  if (!req.complete && req.readableLength === 0) return false;
  return !isEventStream(response);
}

function isTheApplicationsStream(response: StreamResponse): boolean {
  const { writableEnded, writableLength, req } = response;
  if (writableEnded || writableLength > 0) return false;
  return req.hasArrived && !isEventStream(response);
}

function endOf(limit: StuckOptions['limit']): string {
  if (limit === null) return 'no limit ends it (--request-timeout is 0)';
  return `${limit.setting} ends it after ${seconds(limit.ms)}`;
}

function lineOf({ method, path, ageMs, ...tags }: UnansweredRequest): string {
  return `${method} ${path}${tagText(tags)}, for ${seconds(ageMs)}`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
