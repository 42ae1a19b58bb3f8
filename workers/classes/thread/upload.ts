import type { IncomingMessage } from 'node:http';
import { SMALL_BODY, type ToThread, WINDOW } from './messages.ts';

type Send = (message: ToThread, moved?: ArrayBuffer[]) => void;

/** Sends the body of a request, all of which has arrived, to the thread that runs it, at most WINDOW bytes ahead of what that has taken. */
export class Upload {
  readonly #id: number;
  readonly #request: IncomingMessage;
  #room = WINDOW;
  #isOver = false;

  constructor(id: number, request: IncomingMessage) {
    this.#id = id;
    this.#request = request;
  }

  /** Starts to read; `moved` is called for every part that is sent. */
  start(send: Send, moved: () => void): void {
    const request = this.#request;
    request.on('data', (chunk: Buffer) => {
      if (this.#isOver) return;
      moved();
      this.#room -= chunk.length;
      for (let at = 0; at < chunk.length; at += SMALL_BODY) {
        // A copy: the chunk is part of the buffer that Node read from the socket, with other things around it.
        const data = new Uint8Array(chunk.subarray(at, at + SMALL_BODY));
        send({ type: 'chunk', id: this.#id, data }, [data.buffer]);
      }
      if (this.#room <= 0) request.pause();
    });
    request.on('end', () => {
      if (this.#isOver) return;
      this.#isOver = true;
      moved();
      send({ type: 'end', id: this.#id, rawTrailers: request.rawTrailers });
    });
  }

  taken(bytes: number): void {
    this.#room += bytes;
    if (this.#room > 0) this.#request.resume();
  }

  /** The rest is read and thrown away, so that the connection can be used again. */
  stop(): void {
    this.#isOver = true;
    this.#request.resume();
  }
}
