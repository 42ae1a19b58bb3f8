import type { ServerHttp2Session } from 'node:http2';
import { afterPoll } from './deadlines.ts';
import type { Flight } from './flight.ts';

/** What of a session of node:http2 is used. */
export type SessionOfNode = Pick<ServerHttp2Session, 'close' | 'closed' | 'socket'>;

/**
 * A place in a list, between its neighbours, which lets go of what is in it. Not in a Set: V8 keeps the tables of a set that
 * it has replaced by larger ones, or by ones without holes, for as long as one of them has become old, and all that is in
 * them. It is one cause of the two for which half of what requests need outlived them; the other is in StreamSocket.
 */
interface Place {
  flight: Flight | null;
  before: Place | null;
  after: Place | null;
}

/** The requests of a connection that speaks HTTP/2: many are in flight at a time, and each ends on its own. */
export class Session {
  readonly #session: SessionOfNode;
  #oldest: Place | null = null;
  #latest: Place | null = null;
  #size = 0;
  #state: 'fresh' | 'used' | 'leaving' = 'fresh';
  #leavesAtRest = false;

  constructor(session: SessionOfNode) {
    this.#session = session;
  }

  get size(): number {
    return this.#size;
  }

  get flights(): readonly Flight[] {
    const flights: Flight[] = [];
    for (let place = this.#oldest; place !== null; place = place.after)
      if (place.flight !== null) flights.push(place.flight);
    return flights;
  }

  /** Whether a request has come. */
  get isUsed(): boolean {
    return this.#state !== 'fresh';
  }

  /** Whether nothing is under way, and either nothing has been yet or nothing can be any more. */
  get isIdle(): boolean {
    return this.#size === 0 && (!this.isUsed || this.#session.closed);
  }

  /** Whether all its requests are answered, and more may come. */
  get isResting(): boolean {
    return this.#state === 'used' && this.#size === 0;
  }

  /** Its place is free when the caller calls what this returns, as the answer has ended. */
  open(flight: Flight): () => void {
    if (this.#state === 'fresh') this.#state = 'used';
    const place: Place = { flight, before: this.#latest, after: null };
    if (this.#latest === null) this.#oldest = place;
    else this.#latest.after = place;
    this.#latest = place;
    this.#size++;
    return () => this.#close(place);
  }

  #close(place: Place): void {
    if (place.flight === null) return;
    const { before, after } = place;
    if (before === null) this.#oldest = after;
    else before.after = after;
    if (after === null) this.#latest = before;
    else after.before = before;
    // Whatever keeps this place must not keep all that came later.
    place.flight = null;
    place.before = null;
    place.after = null;
    this.#size--;
    if (this.#leavesAtRest && this.#size === 0) this.leave();
  }

  /** From now on it is told to leave once all its requests are answered. */
  leaveAtRest(): void {
    this.#leavesAtRest = true;
  }

  /**
   * Sends GOAWAY (RFC 9113, 6.8): what has arrived is answered, and what the client sends later it may send again to
   * another server. A session that has had no request gets its first one answered.
   */
  leave(): void {
    if (this.#state !== 'used') return;
    this.#state = 'leaving';
    afterPoll(() => this.#session.close());
  }

  /** The same, also where it has had no request. */
  end(): void {
    this.#state = 'leaving';
    this.#session.close();
  }
}
