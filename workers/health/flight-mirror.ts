import type { FlightReader } from '../../src/flights/reader.ts';
import type { FlightsChanged, ReportedFlight } from '../../src/process/ipc/flights.ts';

/** Requests that are answered sooner are not reported. */
const YOUNG_MS = 50;

type Progress = FlightsChanged['changed'][number];

/** Reports what has changed in the requests in flight that take a while. Times are of the writer's performance.now(). */
export class FlightMirror {
  readonly #reader: FlightReader;
  readonly #timeOrigin: number;
  readonly #told = new Map<number, Progress>();

  /** `timeOrigin` is the writer's. */
  constructor(reader: FlightReader, timeOrigin: number) {
    this.#reader = reader;
    this.#timeOrigin = timeOrigin;
  }

  /** Whether something has not been reported yet, and may be in the next round. */
  get isBehind(): boolean {
    return this.#reader.count > this.#told.size || this.#reader.ended !== this.#reader.told;
  }

  /** Compares and reports; `say` resolves when the kernel has the message. */
  round(nowMs: number, say: (message: FlightsChanged) => Promise<void>): void {
    const reader = this.#reader;
    // Read first: requests that have ended by now are not in the list.
    const { ended } = reader;
    const listed = reader.list(nowMs - YOUNG_MS);
    const ids = new Set(listed.map(({ id }) => id));
    const over = [...this.#told.keys()].filter((id) => !ids.has(id));
    for (const id of over) this.#told.delete(id);
    const changed: Progress[] = [];
    const began: ReportedFlight[] = [];
    for (const flight of listed) {
      const { id, status, bytes } = flight;
      const before = this.#told.get(id);
      if (before && before.status === status && before.ended === flight.ended) continue;
      if (before) changed.push({ id, status, ended: flight.ended, bytes });
      else if (reader.mark(flight)) began.push(this.#reported(flight));
      else continue;
      this.#told.set(id, { id, status, ended: flight.ended, bytes });
    }
    if (began.length + changed.length + over.length === 0) return reader.tell(ended);
    void say({ tsunicorn: 'flights', began, changed, over }).then(() => reader.tell(ended));
  }

  #reported(flight: ReturnType<FlightReader['list']>[number]): ReportedFlight {
    const { id, method, url, cut, remote, protocol, status, ended, bytes, startMs } = flight;
    const { requestId, traceId } = flight;
    const startedMs = this.#timeOrigin + startMs;
    return { id, method, url, cut, remote, protocol, status, ended, bytes, startedMs, requestId, traceId };
  }
}
