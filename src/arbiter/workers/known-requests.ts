import { SLOTS, TEXT_BYTES } from '../../flights/memory.ts';
import type { FlightsChanged, ReportedFlight } from '../../process/ipc.ts';

/** A worker has far fewer places for requests; more come only from what pretends to be its watchdog. */
const MOST = 4 * SLOTS;

/** Whether the lines of a worker's requests are written. */
type Account =
  | 'open'
  /** Its watchdog was told to write them before the worker is killed. */
  | 'asked'
  | 'complete'
  | 'incomplete';

/** What the arbiter knows of the requests of a worker, from its watchdog. */
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

  /** Those in flight whose lines nobody has written; an upgraded connection is one too. */
  get left(): readonly ReportedFlight[] {
    return [...this.#flights.values()];
  }

  /** Its fields alone: the message may have others. */
  #keep(flight: ReportedFlight): void {
    const { id, method, url, cut, remote, protocol, status, ended, bytes, startedMs } = flight;
    this.#flights.set(id, { id, method, url, cut, remote, protocol, status, ended, bytes, startedMs });
  }
}

/** Whether it is no longer than what a watchdog can know of a request. */
function fits({ method, url, remote, protocol }: ReportedFlight): boolean {
  return method.length + url.length + remote.length <= TEXT_BYTES && protocol.length <= LONGEST_PROTOCOL;
}

/** Of `1.1`, and whatever else HTTP may come to. */
const LONGEST_PROTOCOL = 16;
