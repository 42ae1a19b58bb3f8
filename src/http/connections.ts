import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Every connection of a worker with the latest response on it, which is all a drain needs to know: an answer that is
 * the last on its connection can carry `Connection: close`, an earlier pipelined one must not (the rest would go
 * unanswered). One map entry a connection; one write a request.
 */
export class Connections {
  readonly #latest = new Map<Socket, ServerResponse | null>();
  readonly #onClosed: (socket: Socket) => void;
  #closing = false;
  #whenEmpty: (() => void) | null = null;

  /** `onClosed` is called after each connection that ends. */
  constructor(onClosed: (socket: Socket) => void) {
    this.#onClosed = onClosed;
  }

  get size(): number {
    return this.#latest.size;
  }

  /** Requests whose answer has begun or is awaited; counted on demand. */
  get inFlight(): number {
    let count = 0;
    for (const response of this.#latest.values()) if (response && !response.writableFinished) count++;
    return count;
  }

  add(socket: Socket): void {
    this.#latest.set(socket, null);
    socket.once('close', () => {
      this.#latest.delete(socket);
      this.#onClosed(socket);
      if (this.size === 0) this.#whenEmpty?.();
    });
  }

  /** Notes a request; while closing, its answer is marked as the connection's last. */
  note(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    if (this.#closing) {
      const earlier = this.#latest.get(socket);
      if (earlier && !earlier.headersSent) earlier.removeHeader('Connection');
      response.setHeader('Connection', 'close');
    }
    // Not after `close`: a pipelined request may still be handed out for a connection that has ended.
    if (this.#latest.has(socket)) this.#latest.set(socket, response);
  }

  /** From now on every connection ends with its present or next answer; answers in flight are marked too. */
  closeAfterAnswer(): void {
    this.#closing = true;
    for (const response of this.#latest.values()) {
      if (response && !response.headersSent) response.setHeader('Connection', 'close');
    }
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
    const left = [...this.#latest.keys()];
    for (const socket of left) socket.destroy();
    return left.length;
  }
}
