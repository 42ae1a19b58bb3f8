import type { MessagePort } from 'node:worker_threads';
import type { Exchange } from './exchange.ts';
import type { FromThread, ToThread } from './messages.ts';

/** A request that has run for this and twice as long as is usual may run much longer: none should wait behind it. */
const SLOW_MS = 2;

/** What a lane tells the pool. */
export interface LaneEvents {
  /** It can run a request, or let one wait. */
  free(lane: Lane): void;
  failed(error: unknown, exchange: Exchange | null): void;
}

/**
 * The main thread's view of one thread that serves: the request it runs, and one that waits inside it. The latter is
 * in a slot of shared memory, so that either side can take it and never both.
 */
export class Lane {
  head: Exchange | null = null;
  next: Exchange | null = null;
  readonly #port: MessagePort;
  readonly #slots: Int32Array;
  #slot = 0;
  readonly #events: LaneEvents;
  #usualMs = 0;
  #isOpen = true;

  constructor(port: MessagePort, slots: Int32Array, events: LaneEvents) {
    this.#port = port;
    this.#slots = slots;
    this.#events = events;
  }

  get isFree(): boolean {
    return this.#isOpen && this.head === null;
  }

  /** Whether a request may wait inside the thread. */
  get canHold(): boolean {
    return this.#isOpen && this.next === null && this.head !== null && !this.#isSlow(this.head);
  }

  /** Whether the request that waits has a slow one before it. */
  get isStuck(): boolean {
    return this.next !== null && this.head !== null && this.#isSlow(this.head);
  }

  run(exchange: Exchange): void {
    this.#begin(exchange);
    this.send(exchange.toMessage(null), exchange.moved);
    exchange.upload?.start(this.send, () => {
      exchange.movedMs = performance.now();
    });
  }

  /** Lets a request without a body wait inside the thread. */
  hold(exchange: Exchange): void {
    this.next = exchange;
    this.#slot = 1 - this.#slot;
    Atomics.store(this.#slots, this.#slot, exchange.id);
    this.send(exchange.toMessage(this.#slot));
  }

  /** Takes back the request that waits; null where there is none, or the thread has begun with it. */
  takeBack(): Exchange | null {
    const { next } = this;
    if (next === null || Atomics.compareExchange(this.#slots, this.#slot, next.id, 0) !== next.id)
      return null;
    this.next = null;
    // The other slot may be that of the head, with which the thread has yet to begin.
    this.#slot = 1 - this.#slot;
    return next;
  }

  /** Tells the thread that the client of the request that it runs has gone. */
  abort(exchange: Exchange): void {
    exchange.upload?.stop();
    this.send({ type: 'abort', id: exchange.id });
  }

  readonly send = (message: ToThread, moved: ArrayBuffer[] = []): void => {
    if (this.#isOpen) this.#port.postMessage(message, moved);
  };

  /** Takes a message of the thread. */
  receive(message: Exclude<FromThread, { type: 'ready' | 'bootFailed' }>): void {
    const head = this.#headOf(message.id);
    if (message.type === 'error') return this.#events.failed(message.error, head);
    if (head === null) return;
    if (message.type === 'taken') return head.upload?.taken(message.bytes);
    if (message.type === 'failed') {
      this.#events.failed(message.error, head);
      head.refuse(500, 'Internal Server Error');
      this.#over();
    } else if (message.type === 'released' || head.answer(message, this)) this.#over();
  }

  /** The thread is gone. Returns what it ran and what only waited in it. */
  close(): { readonly ran: Exchange | null; readonly waited: Exchange | null } {
    const waited = this.takeBack();
    // Taken by the thread: then the answer of the one before has come, or never will.
    const ran = this.head ?? this.next;
    this.#isOpen = false;
    this.head = null;
    this.next = null;
    this.#port.close();
    return { ran, waited };
  }

  /** The thread may have begun with the request that waited before the news of the one before was read. */
  #headOf(id: number): Exchange | null {
    return this.head?.id === id ? this.head : null;
  }

  #isSlow({ startedMs }: Exchange): boolean {
    return performance.now() - startedMs > SLOW_MS + 2 * this.#usualMs;
  }

  #begin(exchange: Exchange): void {
    this.head = exchange;
    exchange.startedMs = performance.now();
    exchange.movedMs = exchange.startedMs;
  }

  #over(): void {
    const { head, next } = this;
    if (head === null) return;
    this.#usualMs += (performance.now() - head.startedMs - this.#usualMs) / 8;
    head.upload?.stop();
    this.head = null;
    this.next = null;
    if (next !== null) this.#begin(next);
    this.#events.free(this);
  }
}
