import type { NamedRequest } from '../../../src/http/request-name.ts';
import type { AnswerMessage, Exchange } from './exchange.ts';
import type { ConnectionError, FromThread, ToThread } from './messages.ts';

/** A request that has run for this and twice as long as is usual may run much longer: none should wait behind it. */
const SLOW_MS = 2;

/** What a thread says of requests. */
type FromRunner = Exclude<FromThread, { type: 'ready' | 'bootFailed' | 'loaded' | 'log' | 'measured' }>;

/** The way to a thread. */
export interface ThreadPort {
  postMessage(message: ToThread, moved: ArrayBuffer[]): void;
  close(): void;
}

/** What a lane tells the pool. */
export interface LaneEvents {
  /** It can run a request, or let one wait. */
  free(lane: Lane): void;
  failed(error: unknown, request: NamedRequest | null): void;
  /** Its handler threw or rejected with this: it is to be answered with a 500. */
  answer(error: unknown, exchange: Exchange): void;
}

/** The requests of a thread that is gone. */
export interface Left {
  /** It had begun with this one, or may have. */
  readonly ran: Exchange | null;
  /** It had not begun with these, and never will, so that another can. */
  readonly waited: readonly Exchange[];
  /** Their handlers have ended them, and the rest of their answers is lost. */
  readonly handled: readonly Exchange[];
}

/**
 * The main thread's view of one thread that serves: the request whose turn it is, and one that waits behind it. Both
 * threads know whose turn it is at different times, and either may be held up between any two steps, so they agree on
 * one thing only: each of the two requests has a slot of shared memory with its id, and whoever sets that to 0 has it,
 * the thread to run it or the pool to give it to another.
 */
export class Lane {
  head: Exchange | null = null;
  next: Exchange | null = null;
  readonly #port: ThreadPort;
  readonly #slots: Int32Array;
  /** The slot of the head; the other one is that of the next. */
  #slot = 0;
  readonly #events: LaneEvents;
  /** Answers that their handlers have ended and slow clients have yet to take; other requests run meanwhile. */
  readonly #handled = new Map<number, Exchange>();
  #usualMs = 0;
  #isOpen = true;

  constructor(port: ThreadPort, slots: Int32Array, events: LaneEvents) {
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

  get handled(): readonly Exchange[] {
    return [...this.#handled.values()];
  }

  run(exchange: Exchange): void {
    this.#begin(exchange);
    this.#give(exchange, this.#slot);
    exchange.upload?.start(this.send, () => {
      exchange.movedMs = performance.now();
    });
  }

  /** Lets a request without a body wait inside the thread. */
  hold(exchange: Exchange): void {
    this.next = exchange;
    this.#give(exchange, this.#nextSlot);
  }

  /** Takes back the request that waits; null where there is none, or the thread has begun with it. */
  takeBack(): Exchange | null {
    const { next } = this;
    if (next === null || !this.#take(next, this.#nextSlot)) return null;
    this.next = null;
    return next;
  }

  /** The client has gone: the thread is not to begin with the request, or to end it. Whether it was in this lane. */
  withdraw(exchange: Exchange): boolean {
    if (exchange === this.next) {
      if (this.takeBack() === null) this.abort(exchange, exchange.connectionError);
      return true;
    }
    if (this.#handled.has(exchange.id)) {
      this.abort(exchange, exchange.connectionError);
      return true;
    }
    if (exchange !== this.head) return false;
    if (this.#take(exchange, this.#slot)) this.#advance();
    else this.abort(exchange, exchange.connectionError);
    return true;
  }

  readonly send = (message: ToThread, moved: ArrayBuffer[] = []): void => {
    if (this.#isOpen) this.#port.postMessage(message, moved);
  };

  /** Takes a message of the thread. */
  receive(message: FromRunner): void {
    // What it says of the next comes after the last that it says of the head.
    const head = this.head?.id === message.id ? this.head : null;
    if (message.type === 'error') {
      const about = head ?? this.#handled.get(message.id);
      return this.#events.failed(message.error, message.request ?? about?.request ?? null);
    }
    if (head === null) return this.#receiveRest(message);
    if (message.type === 'taken') return head.upload?.taken(message.bytes);
    if (message.type === 'failed') {
      this.#events.failed(message.error, head.request);
      this.#events.answer(message.error, head);
      this.#over(head);
    } else if (message.type === 'released') this.#over(head);
    else if (message.type === 'handled') {
      this.#handled.set(head.id, head);
      this.#over(head);
    } else {
      this.#passOn(message, head);
      if (head.isAnswered) this.#over(head);
    }
  }

  /** Takes a message about an answer that its handler has ended before. */
  #receiveRest(message: Exclude<FromRunner, { type: 'error' }>): void {
    const exchange = this.#handled.get(message.id);
    if (exchange === undefined) return;
    if (message.type === 'released') return void this.#handled.delete(message.id);
    // Its body is not passed on any more, and only what runs can fail or be handled.
    if (message.type === 'taken' || message.type === 'failed' || message.type === 'handled') return;
    this.#passOn(message, exchange);
    if (exchange.isAnswered) this.#handled.delete(message.id);
  }

  #passOn(message: AnswerMessage, exchange: Exchange): void {
    try {
      exchange.answer(message, this);
    } catch (error) {
      // Costs this answer its connection, and no other request anything.
      this.#events.failed(error, exchange.request);
    }
  }

  /** Gives the thread nothing more. */
  retire(): void {
    this.#isOpen = false;
  }

  /** The thread is gone, or about to be; `receiveRest` passes on what it has said until now. */
  close(receiveRest: () => void): Left {
    this.retire();
    // Before the rest is read: it may take the next until then, which it does only when it has answered the head.
    const next = this.takeBack();
    const head = this.head !== null && this.#take(this.head, this.#slot) ? this.head : null;
    if (head !== null) this.head = null;
    receiveRest();
    const ran = this.head;
    const { handled } = this;
    this.head = null;
    this.next = null;
    this.#handled.clear();
    this.#port.close();
    return { ran, waited: [head, next].filter((exchange) => exchange !== null), handled };
  }

  get #nextSlot(): number {
    return 1 - this.#slot;
  }

  #give(exchange: Exchange, slot: number): void {
    if (!exchange.isBodiless) return this.send(exchange.toMessage(null), exchange.moved);
    Atomics.store(this.#slots, slot, exchange.id);
    this.send(exchange.toMessage(slot));
  }

  /** Takes a request away from the thread; false where that has begun with it, or has its body. */
  #take({ id }: Exchange, slot: number): boolean {
    return Atomics.compareExchange(this.#slots, slot, id, 0) === id;
  }

  /** The thread is to end the request, which the client does not wait for any more. */
  abort(exchange: Exchange, error: ConnectionError | null): void {
    exchange.upload?.stop();
    this.send({ type: 'abort', id: exchange.id, error });
  }

  #isSlow({ startedMs }: Exchange): boolean {
    return performance.now() - startedMs > SLOW_MS + 2 * this.#usualMs;
  }

  #begin(exchange: Exchange): void {
    this.head = exchange;
    exchange.startedMs = performance.now();
    exchange.movedMs = exchange.startedMs;
  }

  #over(head: Exchange): void {
    this.#usualMs += (performance.now() - head.startedMs - this.#usualMs) / 8;
    head.upload?.stop();
    this.#advance();
  }

  /** It is the turn of the request that waits, in the slot that it has. */
  #advance(): void {
    const { next } = this;
    this.head = null;
    this.next = null;
    this.#slot = this.#nextSlot;
    if (next !== null) this.#begin(next);
    this.#events.free(this);
  }
}
