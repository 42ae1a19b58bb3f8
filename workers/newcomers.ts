import type { Socket } from 'node:net';

const TIMER = Symbol('newcomer');

interface Newcomer extends Socket {
  [TIMER]?: NodeJS.Timeout | undefined;
}

/** Connections that have yet to show what they are: a request, a slow client, or nothing. */
export class Newcomers {
  // Counted, and not kept in a collection, for the reason that Connections gives.
  #count = 0;
  readonly #limitMs: number;
  readonly #slow: (socket: Socket) => void;

  /** `slow` is called for one that `know` was not called for within `limitMs`. */
  constructor(limitMs: number, slow: (socket: Socket) => void) {
    this.#limitMs = limitMs;
    this.#slow = slow;
  }

  get count(): number {
    return this.#count;
  }

  add(socket: Socket): void {
    const newcomer: Newcomer = socket;
    newcomer[TIMER] = setTimeout(this.#slow, this.#limitMs, socket);
    this.#count++;
  }

  /** It is none any more, if it was. */
  know(socket: Socket): void {
    const newcomer: Newcomer = socket;
    const timer = newcomer[TIMER];
    if (timer === undefined) return;
    clearTimeout(timer);
    newcomer[TIMER] = undefined;
    this.#count--;
  }
}
