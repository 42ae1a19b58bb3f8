import type { Socket } from 'node:net';
import type { Clock } from '../../src/support/clock.ts';

/** After so many slow ones in a row, as of a client that opens many and dribbles, the next get less time. */
const MANY_SLOW = 8;
const SHORT_MS = 1;

/** Connections that have yet to show what they are: a request, a slow client, or nothing. */
export class PendingConnections {
  readonly #limitMs: number;
  readonly #slow: (socket: Socket) => void;
  readonly #clock: Clock;
  // There are hardly ever two, so that a search costs nothing.
  readonly #sockets: Socket[] = [];
  #latestMs = 0;
  /** How many have turned out to be slow since one showed what it is. */
  #slowInRow = 0;
  /** One timer serves all; a timer for each connection would cost a microsecond. */
  #isArmed = false;

  /** `slow` is called for each connection for which `know` was not called, once none has come for `limitMs`. */
  constructor(limitMs: number, slow: (socket: Socket) => void, clock: Clock) {
    this.#limitMs = limitMs;
    this.#slow = slow;
    this.#clock = clock;
  }

  get count(): number {
    return this.#sockets.length;
  }

  add(socket: Socket): void {
    this.#sockets.push(socket);
    this.#latestMs = this.#clock.now();
    if (!this.#isArmed) this.#arm(this.#limit);
  }

  /** The connection has shown what it is, and is pending no more. */
  know(socket: Socket): void {
    const at = this.#sockets.indexOf(socket);
    if (at < 0) return;
    this.#sockets.splice(at, 1);
    this.#slowInRow = 0;
  }

  get #limit(): number {
    return this.#slowInRow < MANY_SLOW ? this.#limitMs : Math.min(SHORT_MS, this.#limitMs);
  }

  #arm(ms: number): void {
    this.#isArmed = true;
    this.#clock.after(ms, () => {
      this.#isArmed = false;
      if (this.#sockets.length > 0) this.#judge();
    });
  }

  #judge(): void {
    const leftMs = this.#latestMs + this.#limit - this.#clock.now();
    if (leftMs > 0) return this.#arm(leftMs);
    for (const socket of this.#sockets.splice(0)) {
      this.#slowInRow++;
      this.#slow(socket);
    }
  }
}
