import type { WaitingRequest } from '../../../src/flights/table.ts';
import { requestField } from '../../../src/http/request-name.ts';
import type { WorkerLog } from '../../../src/log/records.ts';
import { BlockedLoop } from '../../../src/process/blocked-loop.ts';
import type { BlockSeen } from '../../../src/process/ipc/blocks.ts';
import type { Clock } from '../../../src/support/clock.ts';
import { seconds } from '../../../src/support/duration.ts';
import { tagText } from '../../../src/support/request-id.ts';
import { BlockWatch } from '../../health/block-watch.ts';
import { Silence } from '../../health/silence.ts';
import type { Exchange } from './exchange.ts';
import type { See } from './see-thread.ts';

/** A thread that is blocked again and again is not stopped more often. */
const GLANCE_EVERY_MS = 5000;

/** What of a thread is needed to tell whether it is blocked. */
export interface WatchedThread {
  readonly id: number;
  readonly lane: { readonly head: Exchange | null; readonly next: Exchange | null };
  /** Whether it has answered since it was asked last. */
  readonly hasAnswered: boolean;
  /** Asks it to answer, which it does as soon as its event loop turns. */
  ask(): void;
}

export interface StallOptions {
  /** A thread that is blocked for so long is worth a warning. */
  readonly warnMs: number;
  /** How often `check` is called. */
  readonly everyMs: number;
  readonly clock: Clock;
  readonly log: WorkerLog;
  readonly see: See;
  /** How many requests wait for any thread. */
  readonly queued: () => number;
}

/**
 * Says of threads with a request that they are blocked, while that lasts, and when they go on. A handler that waits for
 * something does not block: its thread answers.
 */
export class ThreadStalls {
  readonly #options: StallOptions;
  readonly #watched = new Map<WatchedThread, Watched>();

  constructor(options: StallOptions) {
    this.#options = options;
  }

  check(threads: Iterable<WatchedThread>): void {
    for (const thread of threads) {
      const watched = this.#watched.get(thread) ?? new Watched(thread, this.#options);
      this.#watched.set(thread, watched);
      watched.check();
    }
  }

  /** The thread has ended: whoever ended it says why. */
  forget(thread: WatchedThread): void {
    this.#watched.get(thread)?.drop();
    this.#watched.delete(thread);
  }
}

class Watched {
  readonly #thread: WatchedThread;
  readonly #options: StallOptions;
  readonly #silence: Silence;
  readonly #blocks: BlockWatch;
  readonly #loop: BlockedLoop;
  /** When it was last known to go on, or got its request. */
  #pulseMs: number;
  #isAsked = false;
  #glancedMs = Number.NEGATIVE_INFINITY;

  constructor(thread: WatchedThread, options: StallOptions) {
    const { clock, warnMs } = options;
    this.#thread = thread;
    this.#options = options;
    this.#pulseMs = thread.lane.head?.startedMs ?? clock.now();
    this.#silence = new Silence(this.#pulseMs);
    // For how long its request has run already is no delay of the one who looks.
    this.#silence.check(clock.now(), clock.now() - this.#pulseMs, this.#pulseMs);
    this.#loop = this.#createLoop();
    const see = () => this.#see();
    this.#blocks = new BlockWatch({ warnMs, see, say: (message) => this.#loop.note(message) });
  }

  check(): void {
    const { clock, everyMs } = this.#options;
    const nowMs = clock.now();
    const { head } = this.#thread.lane;
    if (head === null || (this.#isAsked && this.#thread.hasAnswered)) {
      this.#pulseMs = nowMs;
      this.#isAsked = false;
    } else this.#pulseMs = Math.max(this.#pulseMs, head.startedMs);
    this.#silence.check(nowMs, everyMs, this.#pulseMs);
    // One that was not asked may be fine.
    this.#blocks.check(this.#isAsked && !isDebugged() ? this.#silence.ms : 0, this.#silence.endedMs);
    if (head === null || this.#isAsked || nowMs - head.startedMs < everyMs) return;
    this.#thread.ask();
    this.#isAsked = true;
  }

  drop(): void {
    this.#loop.drop();
  }

  async #see(): Promise<BlockSeen> {
    const { clock, see } = this.#options;
    const { head, next } = this.#thread.lane;
    const exchanges = [head, next].filter((exchange) => exchange !== null);
    const requests = exchanges.map(({ request, cameMs }): WaitingRequest => {
      return { ...requestField(request), ageMs: Math.round(clock.now() - cameMs) };
    });
    const isDue = clock.now() - this.#glancedMs >= GLANCE_EVERY_MS;
    if (isDue) this.#glancedMs = clock.now();
    const inspection = isDue ? await see(this.#thread.id) : null;
    return {
      stack: inspection?.what === 'blocked' ? inspection.stack : null,
      requests,
      waiting: requests.length,
    };
  }

  #createLoop(): BlockedLoop {
    const { clock, log, queued } = this.#options;
    const { id } = this.#thread;
    return new BlockedLoop({
      clock,
      name: `Thread ${id}`,
      describe: (seen) => linesOf(seen, queued()),
      say: (level, message, fields) => log[level](message, { ...fields, threadId: id, queued: queued() }),
    });
  }
}

function linesOf({ stack, requests }: BlockSeen, queued: number): readonly string[] {
  const [head, ...behind] = requests.map(
    ({ method, path, ageMs, ...tags }) => `${method} ${path}${tagText(tags)}, for ${seconds(ageMs)}`,
  );
  return [
    ...(stack === null ? [] : ['blocked at:', ...stack.map((frame) => `  ${frame}`)]),
    ...(head === undefined ? [] : [`its request: ${head}`]),
    ...behind.map((request) => `waiting behind it: ${request}`),
    ...(queued === 0 ? [] : [`waiting for any thread: ${queued}`]),
  ];
}

/** A debugger holds threads whenever its user likes. */
function isDebugged(): boolean {
  return process.features.inspector && process.getBuiltinModule('node:inspector').url() !== undefined;
}
