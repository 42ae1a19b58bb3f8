import type { Application } from '../../../src/app/application.ts';
import { settleFault } from '../../../src/app/client-fault.ts';
import { keepId } from '../../../src/support/request-id.ts';
import { isThenable } from '../../../src/support/thenable.ts';
import { createIncoming, type Incoming } from './incoming.ts';
import { KeptMemory, type Part } from './kept-memory.ts';
import { type ConnectionError, KEPT_BYTES, type RequestMessage, type ToThread } from './messages.ts';
import { Outgoing, type Post } from './outgoing.ts';
import { close, isClosing, leave, ThreadSocket } from './socket.ts';

interface Running {
  readonly id: number;
  readonly incoming: Incoming;
  readonly outgoing: Outgoing;
  readonly socket: ThreadSocket;
  /** What the handler returned, where that is a promise. */
  settled: Promise<void> | null;
}

/** An answer that its handler has ended and its client is slow to take; `free` gives back the memory that it has. */
interface Handled {
  readonly running: Running;
  readonly free: () => void;
}

/** Runs the application inside a thread, one request at a time. */
export class Runner {
  readonly #application: Application;
  readonly #post: Post;
  readonly #slots: Int32Array;
  #running: Running | null = null;
  readonly #handled = new Map<number, Handled>();
  readonly #kept = new KeptMemory(KEPT_BYTES);
  /** In the order they came; the pool may have taken them back. */
  readonly #waiting: RequestMessage[] = [];
  #last: ThreadSocket | null = null;
  /** Those whose clients have gone, until whoever listens has heard of it. */
  readonly #left = new Set<ThreadSocket>();

  constructor(application: Application, post: Post, slots: Int32Array) {
    this.#application = application;
    this.#post = post;
    this.#slots = slots;
  }

  /** The request that runs, for errors that come without one. */
  get id(): number {
    return this.#running?.id ?? 0;
  }

  /** No more requests come. Resolves when whoever listens has heard of the end of each connection that has ended. */
  async close(): Promise<void> {
    const closing = new Set(this.#left);
    if (this.#last !== null && isClosing(this.#last)) closing.add(this.#last);
    await Promise.all(Array.from(closing, close));
  }

  handle(message: Exclude<ToThread, { type: 'close' | 'ping' }>): void {
    if (message.type === 'request') {
      this.#waiting.push(message);
      return this.#begin();
    }
    const running = this.#find(message.id);
    if (running === null) return;
    switch (message.type) {
      case 'chunk':
        return running.incoming.chunk(message.data);
      case 'end':
        return running.incoming.end(message.rawTrailers);
      case 'taken':
        return running.outgoing.taken(message.bytes);
      case 'slow':
        return running.outgoing.slow();
      case 'abort':
        return this.#abort(running, message.error);
    }
  }

  #find(id: number): Running | null {
    if (this.#running?.id === id) return this.#running;
    return this.#handled.get(id)?.running ?? null;
  }

  /** Runs the next, unless one runs. */
  readonly #begin = (): void => {
    if (this.#running !== null) return;
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      if (this.#isOurs(next)) return this.#run(next);
    }
  };

  /** Whether the pool has not taken it back; it cannot from now on. */
  #isOurs({ slot, id }: RequestMessage): boolean {
    return slot === null || Atomics.compareExchange(this.#slots, slot, id, 0) === id;
  }

  #run(message: RequestMessage): void {
    const running = this.#open(message);
    this.#running = running;
    this.#last = running.socket;
    this.#call(running);
    running.incoming.called();
  }

  #call(running: Running): void {
    try {
      const returned = this.#application.handler(running.incoming.request, running.outgoing.response);
      if (isThenable(returned)) {
        running.settled = Promise.resolve(returned).then(
          (result) => this.#inspect(running, result),
          (error) => this.#failed(running, error),
        );
      } else this.#inspect(running, returned);
    } catch (error) {
      this.#failed(running, error);
    }
  }

  #open(message: RequestMessage): Running {
    const { id, peer, bytesRead, keepAlive } = message;
    const socket = new ThreadSocket(peer, bytesRead);
    const incoming = createIncoming(message, socket, (bytes) => this.#post({ type: 'taken', id, bytes }));
    if (message.requestId !== null) keepId(incoming.request, message.requestId);
    const outgoing = new Outgoing({
      ...{ id, request: incoming.request, socket, keepAlive, post: this.#post },
      onSent: () => this.#over(id),
      onHandled: (parts, more) => this.#letGo(id, parts, more),
    });
    return { id, incoming, outgoing, socket, settled: null };
  }

  /** The handler has ended the answer, of which these parts are left. Whether the next request may run. */
  #letGo(id: number, parts: readonly Part[], more: number): boolean {
    const running = this.#running;
    if (running?.id !== id) return false;
    const free = this.#kept.take(parts, more);
    if (free === null) return false;
    this.#handled.set(id, { running, free });
    this.#post({ type: 'handled', id });
    this.#next();
    return true;
  }

  /** The request is over. */
  #over(id: number): void {
    this.#handled.get(id)?.free();
    this.#handled.delete(id);
    if (this.#running?.id === id) this.#next();
  }

  #next(): void {
    this.#running = null;
    // Not from within the answer of the one before.
    if (this.#waiting.length > 0) setImmediate(this.#begin);
  }

  /** Whether what the handler returned shows that it is of another kind. */
  #inspect(running: Running, returned: unknown): void {
    try {
      this.#application.doubt?.result?.(returned, running.outgoing.response);
    } catch (error) {
      this.#failed(running, error);
    }
  }

  #failed(running: Running, thrown: unknown): void {
    const { id, incoming, outgoing } = running;
    if (settleFault(thrown, incoming.request, outgoing.response)) return;
    const { doubt } = this.#application;
    const error = doubt ? doubt.failure(thrown, incoming.request, outgoing.response) : thrown;
    if (this.#handled.has(id) || !outgoing.abandon()) return this.#report(id, error);
    this.#post({ type: 'failed', id, error: sendable(error) });
    running.socket.destroy();
    this.#over(id);
  }

  #report(id: number, error: unknown): void {
    this.#post({ type: 'error', id, error: sendable(error) });
  }

  /** As Node does when a connection ends. A handler that has been promised to end gets the time to. */
  #abort(running: Running, error: ConnectionError | null): void {
    const { id, outgoing, settled, socket } = running;
    if (!outgoing.abandon()) return;
    this.#left.add(socket);
    socket.once('close', () => this.#left.delete(socket));
    leave(socket, error && errorOf(error));
    const release = () => {
      this.#post({ type: 'released', id });
      this.#over(id);
    };
    if (settled === null || this.#handled.has(id)) release();
    else void settled.then(release);
  }
}

function errorOf({ message, code, name }: ConnectionError): Error {
  const error = new Error(message);
  if (name !== undefined) error.name = name;
  return code === undefined ? error : Object.assign(error, { code });
}

/** The error, or its likeness where it cannot travel to another thread. */
export function sendable(error: unknown): unknown {
  try {
    return structuredClone(error);
  } catch {
    // It holds a function or the like.
    const likeness = new Error(error instanceof Error ? error.message : String(error));
    if (error instanceof Error && error.stack !== undefined) likeness.stack = error.stack;
    return likeness;
  }
}
