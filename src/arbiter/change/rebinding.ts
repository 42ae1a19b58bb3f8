import { BindError, type bindAll, discard } from '../../listeners/bind.ts';
import type { Listener } from '../../listeners/listener.ts';
import type { Owner } from '../../listeners/owner.ts';
import { type Address, formatAddress, overlap, parseAddress } from '../../settings/address.ts';
import { UsageError } from '../../support/errors.ts';

export interface RebindingOptions {
  /** Binds all of the addresses or none, as bindAll() does. */
  readonly bindAll: typeof bindAll;
  /** The sockets that living workers hold. */
  readonly heldByWorkers: () => readonly Listener[];
  /** Whether any reload still waits for its listeners. */
  readonly isReading: () => boolean;
}

/** What one reload wants to listen on. */
export interface BindRequest {
  readonly addresses: readonly Address[];
  /** The sockets of the generation that serves. */
  readonly open: readonly Listener[];
  /** Whether the reload is still the latest. */
  readonly wanted: () => boolean;
  /** Whom the files of new Unix sockets are to belong to, where not to ourselves. */
  readonly owner: Owner | undefined;
}

/**
 * Opens what reloads ask for beyond what is open already. A reload that was superseded leaves what it opened to the
 * next: its own canary may hold those sockets for a while, so that they could not be bound again.
 */
export class Rebinding {
  readonly #options: RebindingOptions;
  /** Opened by a reload, and of no generation that serves. */
  #opened: readonly Listener[] = [];
  #before: Promise<unknown> = Promise.resolve();

  constructor(options: RebindingOptions) {
    this.#options = options;
  }

  /**
   * The listeners of the addresses, in their order, those that are open among them. Rejects with a UsageError. Where the
   * reload is not wanted any more they may be missing or closed: another reload has what was opened, or nobody.
   */
  bind(request: BindRequest): Promise<readonly Listener[]> {
    // One after the other: what the one before is opening is then there to be used.
    const bound = this.#before.then(() => (request.wanted() ? this.#bind(request) : []));
    this.#before = bound.catch(() => {});
    return bound;
  }

  /** These belong to a generation that serves. */
  keep(listeners: readonly Listener[]): void {
    this.#opened = this.#opened.filter((listener) => !listeners.includes(listener));
  }

  /** Closes what no reload needs: all but these. */
  release(needed: readonly Listener[] = []): void {
    for (const listener of this.#opened) if (!needed.includes(listener)) discard(listener);
    this.#opened = this.#opened.filter((listener) => needed.includes(listener));
  }

  async #bind(request: BindRequest): Promise<readonly Listener[]> {
    const { addresses, open } = request;
    const free = [...open, ...this.#opened];
    const wanted = addresses.map((address) => {
      const at = free.findIndex((listener) => formatAddress(listener.address) === formatAddress(address));
      return { address, open: at < 0 ? undefined : free.splice(at, 1)[0] };
    });
    const missing = wanted.filter((one) => !one.open).map(({ address }) => address);
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

/** The error that says so where it is the service itself that is in the way. */
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
      `${address.source}: overlaps ${held.url.replace('http://', '')}, which this service holds; restart, or change it in two reloads by way of another port`,
    );
  if (!heldByWorkers.some(inTheWay)) return null;
  return new UsageError(
    `${address.source}: workers that are being replaced still hold it; reload again when they are gone`,
  );
}
