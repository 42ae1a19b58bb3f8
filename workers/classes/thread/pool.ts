import { Tinypool } from 'tinypool';
import type { ContextService } from '../../../src/app/contexts.ts';
import { type NamedRequest, nameRequest, requestField } from '../../../src/http/request-name.ts';
import type { AnswerFailure } from '../../../src/http/runner.ts';
import type { WorkerLog } from '../../../src/log/records.ts';
import { type Measured, MeasuredStore } from '../../../src/metrics/measured.ts';
import type { Served } from '../../../src/settings/mounts.ts';
import { systemClock } from '../../../src/support/clock.ts';
import { messageOf } from '../../../src/support/errors.ts';
import type { LogFields, LogLevel } from '../../../src/support/logger.ts';
import type { LoadedFiles } from '../../develop/module-graph.ts';
import { Dispatcher } from './dispatcher.ts';
import type { Exchange } from './exchange.ts';
import type { Lane, Left } from './lane.ts';
import type { Loaded, ThreadSpec } from './messages.ts';
import { Overdue } from './overdue.ts';
import { seeLazily } from './see-thread.ts';
import type { ThreadStalls } from './stalls.ts';
import { THREAD_ENTRY, Thread, type ThreadEnd, type ThreadEvents } from './thread.ts';
import { hasWaitedTooLong, isOverdue, judge, type Limits } from './time-limits.ts';

export interface PoolOptions {
  readonly served: Served;
  readonly gateway: ThreadSpec['gateway'];
  readonly measures: ThreadSpec['measures'];
  readonly threads: number;
  readonly maxMemory: number | null;
  readonly queueLimit: number;
  /** Whether a request has waited for too long, and has got its answer for that. */
  readonly isTooLate: (exchange: Exchange) => boolean;
  readonly limits: Limits;
  readonly log: WorkerLog;
  /** Takes the lines that the application itself logs. */
  readonly applicationLog: ContextService['log'];
  readonly onError: (error: unknown, request: NamedRequest | null) => void;
  /** Takes what the threads load, where that is wanted. */
  readonly report: ((loaded: LoadedFiles) => void) | null;
  readonly answerFailure: AnswerFailure | null;
}

/** A replacement that cannot load the application is tried again after this, doubled each time up to the second. */
const RETRY_MS = [1000, 30_000] as const;

/** The `cause` of a record, named as for workers. */
const CAUSES: Readonly<Record<ThreadEnd['why'], string>> = {
  memory: 'heap',
  exited: 'exit',
  threw: 'uncaught',
  ended: 'timeout',
};

/**
 * The threads themselves, which end only when they are told to; `maxMemory` is in bytes. tinypool starts them, limits
 * their memory, ends one when its task is aborted and starts another in its place. A thread has one task, which is to
 * serve. Requests are not tasks: tinypool's queue could not take one back from a thread, stream its body and answer, or
 * let one wait inside a thread, and its wait for tasks (Atomics.wait) would stop the application's sockets and timers.
 */
export function createTinypool({ threads, maxMemory }: Pick<PoolOptions, 'threads' | 'maxMemory'>): Tinypool {
  return new Tinypool({
    filename: THREAD_ENTRY,
    minThreads: threads,
    maxThreads: threads,
    // Waiting in Atomics.wait(), an idle thread would not see the sockets and timers of the application.
    useAtomics: false,
    ...(maxMemory === null ? {} : { resourceLimits: { maxOldGenerationSizeMb: maxMemory / 1024 ** 2 } }),
  });
}

/** Threads that run the application: one request at a time in each, and a thread that dies is replaced. */
export class Pool implements ThreadEvents {
  readonly dispatcher: Dispatcher;
  readonly #options: PoolOptions;
  readonly #tinypool: Tinypool;
  readonly #threads = new Map<Lane, Thread>();
  readonly #measured = new MeasuredStore();
  readonly #see = seeLazily();
  readonly #overdue: Overdue;
  #stalls: Promise<ThreadStalls> | null = null;
  #isClosing = false;
  #watch: NodeJS.Timeout | null = null;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.dispatcher = new Dispatcher(options.queueLimit, options.isTooLate);
    this.#overdue = new Overdue(options.log, this.#see);
    this.#tinypool = createTinypool(options);
    // Errors of a thread that has no task: ours always have one, and hear of it there.
    this.#tinypool.on('error', () => {});
  }

  /** Resolves when every thread has loaded the application; rejects with a BootError. */
  async start(): Promise<Loaded | undefined> {
    const threads = Array.from({ length: this.#options.threads }, () => this.#spawn());
    const [loaded] = await Promise.all(threads.map(({ ready }) => ready));
    for (const { lane } of threads) this.dispatcher.add(lane);
    const { everyMs } = this.#options.limits;
    if (everyMs > 0) this.#watch = setInterval(() => this.#check(), everyMs);
    return loaded;
  }

  /** Lets the application end what it holds in every thread. */
  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#watch) clearInterval(this.#watch);
    const threads = [...this.#threads.values()];
    for (const { lane } of threads) lane.send({ type: 'close' });
    await Promise.all(threads.map(({ over }) => over));
  }

  free(lane: Lane): void {
    this.dispatcher.free(lane);
  }

  failed(error: unknown, request: NamedRequest | null): void {
    this.#options.onError(error, request);
  }

  /** What all threads measure; null where they measure nothing. */
  measuredByAll(): Measured | null {
    return this.#measured.report();
  }

  measured(thread: Thread, measured: Measured): void {
    this.#measured.heard(thread.id, measured);
  }

  log(level: LogLevel, message: string, fields: LogFields | undefined): void {
    this.#options.applicationLog[level](message, fields);
  }

  answer(error: unknown, exchange: Exchange): void {
    const { answerFailure } = this.#options;
    if (answerFailure) answerFailure(error, exchange.request, exchange.response);
    else exchange.refuse(500);
  }

  gone(thread: Thread, end: ThreadEnd, { ran, waited, handled }: Left): void {
    const served = this.dispatcher.remove(thread.lane);
    this.#threads.delete(thread.lane);
    this.#measured.ended(thread.id);
    // As in #check(): it cannot be loaded where the installation is gone.
    void this.#stalls?.then((stalls) => stalls.forget(thread)).catch(() => {});
    if (ran) this.#answerFor(ran, end);
    // They have begun: their clients see that they are not whole.
    for (const exchange of handled) exchange.refuse(503);
    if (this.#isClosing || !served) return;
    this.#explain(end, ran);
    this.#replace(RETRY_MS[0]);
    const nowMs = performance.now();
    const isLate = ({ cameMs }: Exchange) => isOverdue(this.#options.limits, cameMs, nowMs);
    for (const exchange of waited.filter(isLate)) refuseForNow(exchange);
    this.dispatcher.resubmit(waited.filter((exchange) => !isLate(exchange)));
  }

  #spawn(): Thread {
    const thread = new Thread(this.#tinypool, this.#options, this);
    this.#threads.set(thread.lane, thread);
    return thread;
  }

  #replace(retryMs: number): void {
    const thread = this.#spawn();
    thread.ready.then(
      () => this.dispatcher.add(thread.lane),
      (error) => {
        if (this.#isClosing) return;
        const reason = messageOf(error);
        this.#options.log.error(`A new thread did not start, next try in ${retryMs / 1000} s: ${reason}`, {
          event: 'thread-not-started',
          reason,
          retryMs,
        });
        setTimeout(() => this.#replace(Math.min(retryMs * 2, RETRY_MS[1])), retryMs).unref();
      },
    );
  }

  #answerFor(exchange: Exchange, end: ThreadEnd): void {
    exchange.upload?.stop();
    if (end.why === 'ended') exchange.refuse(504);
    else if (end.why === 'memory') exchange.refuse(503);
    else
      this.answer(
        end.why === 'threw' ? end.error : new Error('The application called process.exit()'),
        exchange,
      );
  }

  #explain(end: ThreadEnd, ran: Exchange | null): void {
    const { log } = this.#options;
    const during = ran ? ` while handling ${nameRequest(ran.request)}` : '';
    const fields = {
      event: 'thread-ended',
      cause: CAUSES[end.why],
      ...(ran ? { request: requestField(ran.request) } : {}),
    } as const;
    switch (end.why) {
      case 'memory':
        return log.error(`A thread ran out of memory${during}; it is replaced`, fields);
      case 'exited':
        return log.error(
          `A thread exited${during}: the application called process.exit(); it is replaced`,
          fields,
        );
      case 'threw':
        return log.error(`Uncaught exception in a thread${during}; it is replaced`, {
          ...fields,
          err: end.error,
        });
      case 'ended':
        // Said by who ended it.
        return;
    }
  }

  #check(): void {
    this.#endOverdue();
    // Where the installation is gone, nothing is said.
    void this.#watchStalls()?.catch(() => {});
  }

  /** Most workers never need it: it is loaded when a request has run for a while. */
  #watchStalls(): Promise<void> | null {
    const { warnMs, everyMs } = this.#options.limits;
    if (warnMs === Infinity) return null;
    const nowMs = performance.now();
    const isSlow = ({ head }: Lane) => head !== null && nowMs - head.startedMs >= everyMs;
    if (this.#stalls === null && ![...this.#threads.keys()].some(isSlow)) return null;
    this.#stalls ??= this.#loadStalls();
    return this.#stalls.then((stalls) => {
      if (!this.#isClosing) stalls.check(this.#threads.values());
    });
  }

  async #loadStalls(): Promise<ThreadStalls> {
    const { log, limits } = this.#options;
    const { ThreadStalls } = await import('./stalls.ts');
    const queued = () => this.dispatcher.queue.length;
    return new ThreadStalls({ ...limits, clock: systemClock, log, see: this.#see, queued });
  }

  #endOverdue(): void {
    const nowMs = performance.now();
    const { limits } = this.#options;
    for (const exchange of [...this.dispatcher.queue]) {
      if (!hasWaitedTooLong(limits, exchange.cameMs, nowMs)) continue;
      this.dispatcher.withdraw(exchange);
      refuseForNow(exchange);
    }
    for (const thread of this.#threads.values()) {
      const { head, handled } = thread.lane;
      for (const exchange of handled) {
        exchange.look(nowMs);
        if (judge(limits, exchange, nowMs) !== 'fine') this.#giveUpClient(exchange, nowMs);
      }
      if (head === null) continue;
      // While its handler has room to write, it is the handler that has to move.
      if (head.waitsForClient) head.look(nowMs);
      const verdict = judge(limits, head, nowMs);
      if (verdict === 'client is too slow') this.#giveUpClient(head, nowMs);
      // If this process was held up itself, the answer may be here already, unread.
      if (verdict === 'handler is too slow') setImmediate(() => this.#overdue.end(thread, head));
    }
  }

  /** The handler gets the same time again to notice. */
  #giveUpClient(exchange: Exchange, nowMs: number): void {
    exchange.movedMs = nowMs;
    // As RFC 9110, 15.5.9 asks: the rest of its request is not waited for.
    exchange.refuse(408, { Connection: 'close' });
    this.dispatcher.withdraw(exchange);
  }
}

function refuseForNow(exchange: Exchange): void {
  exchange.refuse(503, { 'Retry-After': '1' });
}
