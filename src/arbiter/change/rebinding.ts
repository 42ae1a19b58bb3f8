import { BindError, type bindAll, discard } from '../../listeners/bind.ts';
import type { Listener } from '../../listeners/listener.ts';
import type { Owner } from '../../listeners/owner.ts';
import { type Address, besidePairs, formatAddress, overlap, parseAddress } from '../../settings/address.ts';
import { UsageError } from '../../support/errors.ts';

export interface RebindingOptions {
  /** Binds all of the addresses or none, as bindAll() does. */
  readonly bindAll: typeof bindAll;
  /** The sockets that living workers hold. */
  readonly heldByWorkers: () => readonly Listener[];
  /** Whether a reload still waits for its listeners. */
  readonly isReading: () => boolean;
}

/** What one reload wants to listen on. */
export interface BindRequest {
  readonly addresses: readonly Address[];
  /** The sockets of the generation that serves. */
  readonly open: readonly Listener[];
  /** Whether the reload is still the latest. */
  readonly wanted: () => boolean;
  /** The owner of new Unix sockets; undefined where that is the arbiter's user. */
  readonly owner: Owner | undefined;
}

/**
 * Opens the sockets that reloads ask for and that are not open yet. A superseded reload leaves what it opened to the next
 * one: its canary may hold those sockets for a while, so that they could not be bound again.
 */
export class Rebinding {
  readonly #options: RebindingOptions;
  /** Opened by a reload; no generation that serves has them. */
  #opened: readonly Listener[] = [];
  #before: Promise<unknown> = Promise.resolve();

  constructor(options: RebindingOptions) {
    this.#options = options;
  }

  /**
   * Returns the listeners of the addresses, in their order; those that are open are used again. Rejects with a UsageError.
   * Where the reload is not wanted any more, listeners may be missing or closed.
   */
  bind(request: BindRequest): Promise<readonly Listener[]> {
    // One after the other, so that a reload can use what the one before it has opened.
    const bound = this.#before.then(() => (request.wanted() ? this.#bind(request) : []));
    this.#before = bound.catch(() => {});
    return bound;
  }

  /** A worker that proves a reload has bound this one. */
  opened(listener: Listener): void {
    this.#opened = [...this.#opened, listener];
  }

  /** Leaves these to the generation that serves from now on. */
  keep(listeners: readonly Listener[]): void {
    this.#opened = this.#opened.filter((listener) => !listeners.includes(listener));
  }

  /** Closes what reloads have opened, but for these. */
  release(needed: readonly Listener[] = []): void {
    for (const listener of this.#opened) if (!needed.includes(listener)) discard(listener);
    this.#opened = this.#opened.filter((listener) => needed.includes(listener));
  }

  async #bind(request: BindRequest): Promise<readonly Listener[]> {
    const { addresses, open } = request;
    const free = [...open, ...this.#opened];
    const wanted = addresses.map((address) => {
      const at = free.findIndex((listener) => isSame(listener.address, address));
      return { address, open: at < 0 ? undefined : free.splice(at, 1)[0] };
    });
    const asked = besidePairs(wanted.map((one) => ({ address: one.address, url: one.open?.url })));
    const missing = asked.filter((_, index) => !wanted[index]?.open);
    for (const address of missing) refuseOtherSlot(address, open);
    const bound = await this.#bindAll(missing, request);
    this.#opened = [...this.#opened, ...bound];
    if (!this.#options.isReading()) this.release();
    const fresh = bound.values();
    return wanted.flatMap((one) => one.open ?? fresh.next().value ?? []);
  }

  async #bindAll(missing: readonly Address[], { open, owner }: BindRequest): Promise<readonly Listener[]> {
    try {
      return await this.#options.bindAll(missing, owner);
    } catch (error) {
      if (!(error instanceof BindError) || error.code !== 'EADDRINUSE') throw error;
      throw collision(error, open, this.#options.heldByWorkers()) ?? error;
    }
  }
}

/** Whether a listener on the one can serve as the other. The workers of a generation tell by the slot whose socket it is. */
function isSame(one: Address, other: Address): boolean {
  return formatAddress(one) === formatAddress(other) && one.slot === other.slot;
}

/** Refuses an address whose socket another set of workers has: the old workers accept from it until they have ended. */
function refuseOtherSlot(address: Address, open: readonly Listener[]): void {
  const held = open.find((listener) => formatAddress(listener.address) === formatAddress(address));
  if (held === undefined || held.address.slot === address.slot) return;
  const { slot } = held.address;
  const whose = slot === undefined ? 'of all workers' : `of slot ${slot}`;
  throw new UsageError(
    `${address.source}: it is the socket ${whose} at present, which a reload cannot change; restart, or reload twice, with another address in between`,
  );
}

/** A clearer error where this service itself holds the address; otherwise null. */
function collision(
  { address }: BindError,
  open: readonly Listener[],
  heldByWorkers: readonly Listener[],
): UsageError | null {
  const inTheWay = ({ address: own, url }: Listener) =>
    // By its URL: the address may say port 0.
    own.kind === 'tcp' && overlap(address, parseAddress('', url));
  const held = open.find(inTheWay);
  if (held)
    return new UsageError(
      `${address.source}: overlaps ${held.url.replace('http://', '')}, which this service still uses; restart, or reload twice, with another port in between`,
    );
  if (!heldByWorkers.some(inTheWay)) return null;
  return new UsageError(
    `${address.source}: workers that are being replaced still use it; reload again after they have exited`,
  );
}
