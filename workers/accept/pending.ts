import type { Socket } from 'node:net';

/** Connections that have yet to show what they are: a request, a slow client, or nothing. */
export class Newcomers {
  // Hardly ever two: looking through all of them costs nothing.
  readonly #sockets: Socket[] = [];
  /** One for all, begun anew with each of them; one for each would cost a microsecond. */
  readonly #timer: NodeJS.Timeout;

  /** `slow` is called for one that `know` was not called for within `limitMs` of it and of those behind it. */
  constructor(limitMs: number, slow: (socket: Socket) => void) {
    this.#timer = setTimeout(() => {
      for (const socket of this.#sockets.splice(0)) slow(socket);
    }, limitMs);
  }

  get count(): number {
    return this.#sockets.length;
  }

  add(socket: Socket): void {
    this.#sockets.push(socket);
    this.#timer.refresh();
  }

  /** It is none any more, if it was. */
  know(socket: Socket): void {
    const at = this.#sockets.indexOf(socket);
    if (at >= 0) this.#sockets.splice(at, 1);
  }
}
