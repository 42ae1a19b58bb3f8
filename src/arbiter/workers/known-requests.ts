import { SLOTS, TEXT_BYTES } from '../../flights/memory.ts';
import type { FlightsChanged, ReportedFlight } from '../../process/ipc/flights.ts';

/** A worker has fewer places for requests; more can only come from code that pretends to be its watchdog. */
const MOST = 4 * SLOTS;

/** Whether the access lines of a worker's requests are written. */
type Account =
  | 'open'
  /** Its watchdog was told to write them before the worker is killed. */
  | 'asked'
  | 'complete'
  | 'incomplete';

/** The requests of a worker, as its watchdog has reported them. */
export class KnownRequests {
  readonly #flights = new Map<number, ReportedFlight>();
  #account: Account = 'open';

  note({ began, changed, over }: FlightsChanged): void {
    for (const flight of began) if (this.#flights.size < MOST && fits(flight)) this.#keep(flight);
    for (const { id, status, ended, bytes } of changed) {
      const flight = this.#flights.get(id);
      if (flight) this.#flights.set(id, { ...flight, status, ended, bytes });
    }
    for (const id of over) this.#flights.delete(id);
  }

  get account(): Account {
    return this.#account;
  }

  asked(): void {
    this.#account = 'asked';
  }

  accounted(complete: boolean): void {
    this.#account = complete ? 'complete' : 'incomplete';
    this.#flights.clear();
  }

  /** The requests in flight whose lines are not written; an upgraded connection counts as one. */
  get left(): readonly ReportedFlight[] {
    return [...this.#flights.values()];
  }

  /** Keeps the known fields only: the message may have others. */
  #keep(flight: ReportedFlight): void {
    const { id, method, url, cut, remote, protocol, status, ended, bytes, startedMs } = flight;
    const { requestId, traceId } = flight;
    const known = { id, method, url, cut, remote, protocol, status, ended, bytes, startedMs };
    this.#flights.set(id, { ...known, requestId, traceId });
  }
}

/** Whether its texts fit into what a watchdog reads of a request. */
function fits({ method, url, remote, protocol, requestId, traceId }: ReportedFlight): boolean {
  const length = [method, url, remote, requestId, traceId].join('').length;
  return length <= TEXT_BYTES && protocol.length <= LONGEST_PROTOCOL;
}

/** Long enough for `1.1` and later versions of HTTP. */
const LONGEST_PROTOCOL = 16;
