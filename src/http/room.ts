import type { Socket } from 'node:net';
import type { Clock } from '../support/clock.ts';
import type { Connections } from './connections.ts';
import { afterPoll, closeIfSilent } from './deadlines.ts';

/** How often room is made while none is left. */
const EVERY_MS = 100;
/** A client has so long to send a head before its place may be given to another. */
const HEAD_MS = 500;
/** For so long other workers may take new connections, before one that is idle has to go. */
const FULL_MS = 1000;
/** The shares of all connections that go in a round. */
const OF_HEADS = 1 / 5;
const OF_IDLE = 1 / 20;

export interface RoomOptions {
  readonly connections: Connections;
  /** --worker-connections */
  readonly limit: number;
  /** Whether no connection can be accepted now. */
  readonly isFull: () => boolean;
  /** Called for each client whose head was not complete. */
  readonly evicted: (socket: Socket) => void;
  readonly clock: Clock;
}

/**
 * Makes room at the limit of connections, so that clients which hold them and send nothing do not keep others out: those
 * go first that have not finished a head, the oldest of them before others, then those that have been idle for longest.
 * What has arrived is read before, as with every time limit. All connections are looked at once a round, and none is at an
 * accept.
 */
export class Room {
  readonly #options: RoomOptions;
  /** When the limit was reached; null while there is room. */
  #fullMs: number | null = null;

  constructor(options: RoomOptions) {
    this.#options = options;
  }

  /** To be called when the limit is reached, as often as that is. */
  make(): void {
    if (this.#fullMs !== null) return;
    this.#fullMs = this.#options.clock.now();
    this.#round(this.#fullMs);
  }

  #round(fullMs: number): void {
    const { connections, limit, isFull, clock } = this.#options;
    if (!isFull()) {
      this.#fullMs = null;
      return;
    }
    const now = clock.now();
    const heads = connections.withoutHead(now - HEAD_MS, Math.ceil(limit * OF_HEADS));
    if (heads.length > 0) afterPoll(() => this.#evict(heads));
    else if (now - fullMs >= FULL_MS)
      for (const socket of connections.longestIdle(Math.ceil(limit * OF_IDLE))) closeIfSilent(socket);
    clock.after(EVERY_MS, () => this.#round(fullMs));
  }

  #evict(heads: readonly Socket[]): void {
    const { connections, evicted } = this.#options;
    for (const socket of heads) {
      const progress = connections.progressOf(socket);
      if (progress === null || progress.latest !== null) continue;
      evicted(socket);
      socket.destroy();
    }
  }
}
