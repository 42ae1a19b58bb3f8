import type { FlightReader } from '../../src/flights/reader.ts';
import type { FlightsChanged, ReportedFlight } from '../../src/process/ipc.ts';

/** Requests that are answered sooner are not told of. */
const YOUNG_MS = 50;

type Progress = FlightsChanged['changed'][number];

/** Tells what is new of the requests in flight, as far as they take a while. Times are of the writer's performance.now(). */
export class FlightMirror {
  readonly #reader: FlightReader;
  readonly #timeOrigin: number;
  readonly #told = new Map<number, Progress>();

  /** `timeOrigin` is the writer's. */
  constructor(reader: FlightReader, timeOrigin: number) {
    this.#reader = reader;
    this.#timeOrigin = timeOrigin;
  }

  /** Whether there is something that has not been told yet, and may be in the next round. */
  get isBehind(): boolean {
    return this.#reader.count > this.#told.size || this.#reader.ended !== this.#reader.told;
  }

  /** Looks; `say` resolves when the message is safe with the arbiter. */
  round(nowMs: number, say: (message: FlightsChanged) => Promise<void>): void {
    const reader = this.#reader;
    // First: those that have ended by now are not among the listed.
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
    const startedMs = this.#timeOrigin + startMs;
    return { id, method, url, cut, remote, protocol, status, ended, bytes, startedMs };
  }
}
