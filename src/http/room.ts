import type { Socket } from 'node:net';
import type { Clock } from '../support/clock.ts';
import type { Connections } from './connections.ts';
import { afterPoll } from './deadlines.ts';

/** How often room is made while none is left. */
const EVERY_MS = 100;
/** A client has so long to send a head before its place may be given to another. */
const HEAD_MS = 500;
/** A connection is idle for so long before it has to go: other workers may take new ones, and a client may ask again. */
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

/** A connection that is idle: when its latest request came, and since when it has been seen to be idle. */
interface Idle {
  readonly latestMs: number;
  readonly sinceMs: number;
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
  /** What was idle in the latest round; empty while there is room. */
  #idle: ReadonlyMap<Socket, Idle> = new Map();

  constructor(options: RoomOptions) {
    this.#options = options;
  }

  /** To be called when the limit is reached, as often as that is. */
  make(): void {
    if (this.#fullMs !== null) return;
    this.#fullMs = this.#options.clock.now();
    this.#round();
  }

  #round(): void {
    const { connections, limit, isFull, clock } = this.#options;
    if (!isFull()) {
      this.#fullMs = null;
      this.#idle = new Map();
      return;
    }
    const now = clock.now();
    const idle = this.#idleFor(FULL_MS, now);
    const heads = connections.withoutHead(now - HEAD_MS, Math.ceil(limit * OF_HEADS));
    if (heads.length > 0) afterPoll(() => this.#evict(heads));
    else for (const socket of idle.slice(0, Math.ceil(limit * OF_IDLE))) connections.endResting(socket);
    clock.after(EVERY_MS, () => this.#round());
  }

  /** The connections that have been idle for `ms` without a request in between, the longest first. */
  #idleFor(ms: number, now: number): readonly Socket[] {
    const before = this.#idle;
    const seen = this.#options.connections.resting().map((resting): readonly [Socket, Idle] => {
      const known = before.get(resting.socket);
      return [
        resting.socket,
        known?.latestMs === resting.sinceMs ? known : { latestMs: resting.sinceMs, sinceMs: now },
      ];
    });
    this.#idle = new Map(seen);
    // Those that were seen at the same time stay in their order.
    const inOrder = seen.toSorted(([, one], [, other]) => one.sinceMs - other.sinceMs);
    return inOrder.flatMap(([socket, { sinceMs }]) => (now - sinceMs >= ms ? [socket] : []));
  }

  #evict(heads: readonly Socket[]): void {
    const { connections, evicted } = this.#options;
    for (const socket of heads) {
      if (!connections.lacksHead(socket)) continue;
      evicted(socket);
      socket.destroy();
    }
  }
}
