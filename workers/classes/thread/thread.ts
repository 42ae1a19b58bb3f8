import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Tinypool } from 'tinypool';
import { appError } from '../../../src/app/failure.ts';
import type { Measured } from '../../../src/metrics/measured.ts';
import { BootError, EXIT, type ExitStatus, messageOf } from '../../../src/support/errors.ts';
import type { LogFields, LogLevel } from '../../../src/support/logger.ts';
import { ownFile } from '../../../src/support/own-files.ts';
import type { LoadedFiles } from '../../develop/module-graph.ts';
import type { Exchange } from './exchange.ts';
import { Lane, type LaneEvents, type Left, type ThreadPort } from './lane.ts';
import { ANSWERED, type FromThread, type Loaded, SLOTS, type ThreadSpec } from './messages.ts';
import { answerFromWire, toWire, type WireFromThread } from './wire.ts';

type RunOptions = NonNullable<Parameters<Tinypool['run']>[1]>;

/** The module that every thread of the pool runs. */
export const THREAD_ENTRY = ownFile('workers/classes/thread/entry');

/** The news that an exited thread's error is still under way may take so long. */
const EXIT_ERROR_MS = 200;

/** So long a thread that is to end may run what its application does at the end of a request. */
const ENDINGS_MS = 200;
/** As the signal of a request says it in the other classes. */
const TIMED_OUT = {
  name: 'TimeoutError',
  message: 'the request took longer than its limit',
  code: undefined,
};

/** Why a thread ended: we ended it, or it threw, ran out of memory or exited. */
export type ThreadEnd =
  | { readonly why: 'ended' }
  | { readonly why: 'memory' }
  | { readonly why: 'exited' }
  | { readonly why: 'threw'; readonly error: unknown };

export interface ThreadEvents extends LaneEvents {
  /** The thread is gone, and has left these requests unanswered. */
  gone(thread: Thread, end: ThreadEnd, left: Left): void;
  /** What its application has measured so far. */
  measured(thread: Thread, measured: Measured): void;
  /** A line of the application for the log. */
  log(level: LogLevel, message: string, fields: LogFields | undefined): void;
}

export type ThreadOptions = Pick<ThreadSpec, 'served' | 'gateway'> & {
  /** Takes what the thread loads, where that is wanted. */
  readonly report: ((loaded: LoadedFiles) => void) | null;
  readonly measures: ThreadSpec['measures'];
};

/** One thread of the pool from its start to its end. */
export class Thread {
  readonly lane: Lane;
  /** Resolves when the application is loaded; rejects with a BootError. */
  readonly ready: Promise<Loaded>;
  /** Resolves when the thread has ended. */
  readonly over: Promise<void>;
  readonly #port: MessagePort;
  readonly #life = new AbortController();
  readonly #events: ThreadEvents;
  readonly #report: ThreadOptions['report'];
  readonly #settleReady: { resolve(loaded: Loaded): void; reject(error: unknown): void };
  readonly #slots: Int32Array;
  #id = 0;
  #pings = 0;
  #hasContexts = false;
  #isGone = false;

  constructor(pool: Tinypool, what: ThreadOptions, events: ThreadEvents) {
    const { port1, port2 } = new MessageChannel();
    const slots = new Int32Array(new SharedArrayBuffer(SLOTS * Int32Array.BYTES_PER_ELEMENT));
    const { promise, resolve, reject } = Promise.withResolvers<Loaded>();
    this.#port = port1;
    this.#slots = slots;
    this.#events = events;
    this.#settleReady = { resolve, reject };
    this.#report = what.report;
    this.ready = promise;
    const port: ThreadPort = {
      postMessage: (message, moved) => port1.postMessage(toWire(message), moved),
      close: () => port1.close(),
    };
    this.lane = new Lane(port, slots, events);
    port1.on('message', (wire: WireFromThread) => this.#receive(answerFromWire(wire)));
    const order: ThreadSpec = {
      port: port2,
      served: what.served,
      gateway: what.gateway,
      slots,
      reports: what.report !== null,
      measures: what.measures,
    };
    // tinypool's type of transferList does not know that of present Node types.
    const options = { transferList: [port2], signal: this.#life.signal } as unknown as RunOptions;
    // The task of a thread is to serve as long as it lives; aborting it ends the thread.
    this.over = pool.run(order, options).then(
      () => this.#over({ why: 'exited' }),
      (error: unknown) => this.#over(endOf(error)),
    );
    port1.once('close', () => this.#exited());
  }

  /** Node's threadId, once it is ready. */
  get id(): number {
    return this.#id;
  }

  /** Asks it to answer, which it does as soon as its event loop turns. */
  ask(): void {
    this.#pings += 1;
    this.lane.send({ type: 'ping', count: this.#pings });
  }

  /** Whether it has answered since it was asked last. */
  get hasAnswered(): boolean {
    return Atomics.load(this.#slots, ANSWERED) === this.#pings;
  }

  /** Ends the thread at once, whatever it does. */
  kill(): void {
    this.#life.abort();
    this.#over({ why: 'ended' });
  }

  dismiss(exchange: Exchange): void {
    if (!this.#hasContexts) return this.kill();
    exchange.refuse(504);
    this.lane.abort(exchange, TIMED_OUT);
    this.lane.retire();
    setTimeout(() => this.kill(), ENDINGS_MS).unref();
  }

  #receive(message: FromThread): void {
    if (message.type === 'ready') {
      this.#hasContexts = message.hasContexts;
      this.#id = message.threadId;
      this.#settleReady.resolve(message);
    } else if (message.type === 'loaded') this.#report?.(message);
    else if (message.type === 'measured') this.#events.measured(this, message.measured);
    else if (message.type === 'log') this.#events.log(message.level, message.message, message.fields);
    else if (message.type === 'bootFailed') {
      const { message: text, exitStatus, stack, place } = message;
      this.#settleReady.reject(new BootError(text, exitStatus as ExitStatus, stack, { place }));
    } else this.lane.receive(message);
  }

  /** Its port closed: where no error follows, it called process.exit(). */
  #exited(): void {
    this.lane.retire();
    setTimeout(() => {
      this.#life.abort();
      this.#over({ why: 'exited' });
    }, EXIT_ERROR_MS);
  }

  #over(end: ThreadEnd): void {
    if (this.#isGone) return;
    this.#isGone = true;
    const left = this.lane.close(() => this.#receiveRest());
    this.#settleReady.reject(bootErrorOf(end));
    this.#events.gone(this, end, left);
  }

  /** What it had answered before it ended counts. */
  #receiveRest(): void {
    for (let left = receiveMessageOnPort(this.#port); left; left = receiveMessageOnPort(this.#port)) {
      this.#receive(answerFromWire(left.message));
    }
  }
}

function endOf(error: unknown): ThreadEnd {
  if (!(error instanceof Error)) return { why: 'threw', error };
  if (error.name === 'AbortError') return { why: 'ended' };
  const isMemory = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
  return isMemory ? { why: 'memory' } : { why: 'threw', error };
}

function bootErrorOf(end: ThreadEnd): BootError {
  switch (end.why) {
    case 'threw': {
      const stack = end.error instanceof Error ? end.error.stack : undefined;
      return appError(
        `the application failed in a thread while it was loading: ${messageOf(end.error)}`,
        stack,
      );
    }
    case 'memory':
      return appError(
        'a thread ran out of memory while it loaded the application; raise --thread-max-memory',
      );
    default:
      return new BootError(
        'a thread ended while it loaded the application: that calls process.exit(), or awaits at its top level what never comes',
        EXIT.workerBoot,
      );
  }
}
