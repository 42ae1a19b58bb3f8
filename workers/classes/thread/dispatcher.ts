import { endGone, hasGone } from '../../../src/http/gone.ts';
import type { Exchange } from './exchange.ts';
import type { Lane } from './lane.ts';

/** Gives requests to threads: a queue, and lanes that each run one request and may hold another. */
export class Dispatcher {
  readonly #limit: number;
  readonly #isTooLate: (exchange: Exchange) => boolean;
  readonly #lanes = new Set<Lane>();
  #queue: Exchange[] = [];

  /** At most `limit` requests wait in the queue; those for which `isTooLate` is true, which answers them, are not run. */
  constructor(limit: number, isTooLate: (exchange: Exchange) => boolean = () => false) {
    this.#limit = limit;
    this.#isTooLate = isTooLate;
  }

  /** The lanes whose threads serve. */
  get lanes(): ReadonlySet<Lane> {
    return this.#lanes;
  }

  get queue(): readonly Exchange[] {
    return this.#queue;
  }

  /** Whether a request that came now would be turned away. */
  get isFull(): boolean {
    return this.#queue.length >= this.#limit && !this.#hasRoom();
  }

  add(lane: Lane): void {
    this.#lanes.add(lane);
    this.free(lane);
  }

  /** Whether it was there. */
  remove(lane: Lane): boolean {
    return this.#lanes.delete(lane);
  }

  /** Runs the request as soon as a thread can. */
  submit(exchange: Exchange): void {
    for (const lane of this.#lanes) if (lane.isFree) return lane.run(exchange);
    if (exchange.isBodiless) for (const lane of this.#lanes) if (lane.canHold) return lane.hold(exchange);
    this.#queue.push(exchange);
  }

  /** Puts requests that a thread could not begin with in front of all others. */
  resubmit(exchanges: readonly Exchange[]): void {
    this.#queue.unshift(...exchanges);
    for (const lane of this.#lanes) this.free(lane);
  }

  /** The client has gone. */
  withdraw(exchange: Exchange): void {
    const at = this.#queue.indexOf(exchange);
    if (at >= 0) return void this.#queue.splice(at, 1);
    for (const lane of this.#lanes) if (lane.withdraw(exchange)) return;
  }

  /** A lane has finished a request: it gets the next, and one to hold. */
  free(lane: Lane): void {
    this.#skip();
    if (lane.isFree) {
      const next = this.#rescue() ?? this.#queue.shift() ?? this.#takeAny();
      if (next !== undefined) lane.run(next);
    }
    if (!lane.canHold) return;
    this.#skip();
    const held = this.#rescue() ?? (this.#queue[0]?.isBodiless ? this.#queue.shift() : undefined);
    if (held) lane.hold(held);
  }

  /** Clients whose end was read, and is yet to be told by `withdraw`; and those that have waited for too long. */
  #skip(): void {
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      if (hasGone(first.response)) endGone(first.response);
      else if (!this.#isTooLate(first)) return;
      // Its answer may have withdrawn it already.
      if (this.#queue[0] === first) this.#queue.shift();
    }
  }

  /** A request that waits inside a thread behind a slow one. */
  #rescue(): Exchange | undefined {
    for (const lane of this.#lanes) {
      const stuck = lane.isStuck ? lane.takeBack() : null;
      if (stuck !== null) return stuck;
    }
    return undefined;
  }

  #takeAny(): Exchange | undefined {
    for (const lane of this.#lanes) {
      const taken = lane.takeBack();
      if (taken !== null) return taken;
    }
    return undefined;
  }

  #hasRoom(): boolean {
    for (const lane of this.#lanes) if (lane.isFree || lane.canHold) return true;
    return false;
  }
}
