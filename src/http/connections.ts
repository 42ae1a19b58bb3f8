import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** A request whose answer is not sent in full. `sinceMs` is of performance.now(). */
export interface Flight {
  readonly response: ServerResponse;
  readonly sinceMs: number;
}

interface Connection {
  latest: ServerResponse | null;
  /** When the latest request came. */
  sinceMs: number;
  /** Pipelined before the latest and not answered when it came. */
  earlier: Flight[] | null;
}

/**
 * Every connection of a worker with the latest response on it, which is all a drain needs to know: an answer that is
 * the last on its connection can carry `Connection: close`, an earlier pipelined one must not (the rest would go
 * unanswered). One map entry a connection; one look-up and one reading of the clock a request.
 */
export class Connections {
  readonly #all = new Map<Socket, Connection>();
  readonly #onClosed: (socket: Socket) => void;
  #closing = false;
  #whenEmpty: (() => void) | null = null;

  /** `onClosed` is called after each connection that ends. */
  constructor(onClosed: (socket: Socket) => void) {
    this.#onClosed = onClosed;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Requests whose answer has begun or is awaited; counted on demand. */
  get inFlight(): number {
    let count = 0;
    for (const { latest } of this.#all.values()) if (latest && !latest.writableFinished) count++;
    return count;
  }

  /** The requests in flight, of each connection in the order they came. */
  requests(): readonly Flight[] {
    return [...this.#all.values()]
      .flatMap(({ latest, sinceMs, earlier }) => [
        ...(earlier ?? []),
        ...(latest ? [{ response: latest, sinceMs }] : []),
      ])
      .filter(({ response }) => !response.writableFinished);
  }

  /** Connections from which nothing was read and to which nothing was written. */
  unread(): readonly Socket[] {
    return [...this.#all.keys()].filter(({ bytesRead, bytesWritten }) => bytesRead + bytesWritten === 0);
  }

  add(socket: Socket): void {
    this.#all.set(socket, { latest: null, sinceMs: 0, earlier: null });
    socket.once('close', () => {
      this.#all.delete(socket);
      this.#onClosed(socket);
      if (this.size === 0) this.#whenEmpty?.();
    });
  }

  /** Notes a request; while closing, its answer is marked as the connection's last. */
  note(request: IncomingMessage, response: ServerResponse): void {
    // None after `close`: a pipelined request may still be handed out for a connection that has ended.
    const connection = this.#all.get(request.socket);
    if (this.#closing) {
      const earlier = connection?.latest;
      if (earlier && !earlier.headersSent) earlier.removeHeader('Connection');
      response.setHeader('Connection', 'close');
    }
    if (connection === undefined) return;
    const { latest, sinceMs } = connection;
    if (latest === null || latest.writableFinished) connection.earlier = null;
    else connection.earlier = [...(connection.earlier ?? []), { response: latest, sinceMs }];
    connection.latest = response;
    connection.sinceMs = performance.now();
  }

  /** From now on every connection ends with its present or next answer; answers in flight are marked too. */
  closeAfterAnswer(): void {
    this.#closing = true;
    for (const { latest } of this.#all.values()) {
      if (latest && !latest.headersSent) latest.setHeader('Connection', 'close');
    }
  }

  /** Closes the connections whose last request was answered; one that has yet to send its first is left alone. */
  closeIdle(): void {
    for (const [socket, { latest }] of this.#all) if (latest?.writableFinished) socket.destroySoon();
  }

  /** Resolves once there is no connection left. */
  emptied(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenEmpty = resolve;
      if (this.size === 0) resolve();
    });
  }

  /** Cuts what is left, upgraded sockets included. Returns how many there were. */
  destroyAll(): number {
    const left = [...this.#all.keys()];
    for (const socket of left) socket.destroy();
    return left.length;
  }
}
