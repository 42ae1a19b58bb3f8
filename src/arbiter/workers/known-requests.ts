import type { FlightsChanged, ReportedFlight } from '../../process/ipc.ts';

/** A worker has far fewer places for requests; more come only from what pretends to be its watchdog. */
const MOST = 4096;

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
    for (const flight of began) if (this.#flights.size < MOST) this.#flights.set(flight.id, flight);
    for (const progress of changed) {
      const flight = this.#flights.get(progress.id);
      if (flight) this.#flights.set(flight.id, { ...flight, ...progress });
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
}
