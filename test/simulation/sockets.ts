import { BindError, type bindAll } from '../../src/listeners/bind.ts';
import { closing } from '../../src/listeners/closing.ts';
import type { Listener } from '../../src/listeners/listener.ts';
import { formatAddress } from '../../src/settings/address.ts';
import type { SimulatedClock } from './clock.ts';

/** The sockets of the machine: what the arbiter has bound, and whether it is still open. */
export class Sockets {
  readonly #clock: SimulatedClock;
  readonly #open = new Set<Listener>();
  /** The sockets that workers hold open. */
  readonly #heldByOthers: () => readonly Listener[];
  #fd = 900;
  /** Whether the next bind takes a while, or fails. */
  next: 'at once' | 'late' | 'refused' = 'at once';

  constructor(clock: SimulatedClock, heldByOthers: () => readonly Listener[]) {
    this.#clock = clock;
    this.#heldByOthers = heldByOthers;
  }

  /** What the arbiter holds. */
  get open(): ReadonlySet<Listener> {
    return this.#open;
  }

  readonly bindAll: typeof bindAll = async (addresses) => {
    const { next } = this;
    this.next = 'at once';
    if (next === 'late') await new Promise<void>((done) => void this.#clock.after(50, done));
    const bound: Listener[] = [];
    try {
      for (const address of addresses) {
        if (next === 'refused') throw new BindError(address, refusal('EACCES'));
        if (this.#isTaken(formatAddress(address))) throw new BindError(address, refusal('EADDRINUSE'));
        bound.push(this.hold(address));
      }
      return bound;
    } catch (error) {
      for (const listener of bound) listener.close();
      throw error;
    }
  };

  /** A socket on that address, open from now on. */
  hold(address: Listener['address']): Listener {
    const end = closing(() => void this.#open.delete(listener));
    const listener: Listener = { address, fd: this.#fd++, url: formatAddress(address), ...end };
    this.#open.add(listener);
    return listener;
  }

  #isTaken(url: string): boolean {
    return [...this.#open, ...this.#heldByOthers()].some((listener) => listener.url === url);
  }
}

function refusal(code: string): Error {
  return Object.assign(new Error(`bind ${code}`), { code });
}
