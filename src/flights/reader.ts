import {
  BEYOND,
  BYTES,
  CUT_BIT,
  DIRTY,
  ENDED,
  ENDED_BIT,
  type FlightTexts,
  FREE,
  HEADER_INTS,
  HIGH,
  LENGTHS,
  Memory,
  NEW_BIT,
  OLD_BIT,
  OPEN,
  SERIAL,
  SLOT_DOUBLES,
  SLOT_INTS,
  SLOTS,
  START,
  STATE,
  STATUS,
  STATUS_MASK,
  TAKEN,
  TOLD,
  TOLD_OF,
  UPGRADED_BIT,
} from './memory.ts';

/** A request in the table; its texts are cut to what fits. */
export interface Flight extends FlightTexts {
  /** Made of the place and its use, so that no two requests of a worker have the same. */
  readonly id: number;
  /** Whether the URL was longer than what is kept of it. */
  readonly cut: boolean;
  readonly protocol: string;
  /** By performance.now() of the thread that wrote it. */
  readonly startMs: number;
  /** 0 while no answer has begun. */
  readonly status: number;
  /** Whether the application has ended the answer. */
  readonly ended: boolean;
  /** How many bytes of the body were given to the connection. */
  readonly bytes: number;
  /** Whether the connection speaks another protocol now (a WebSocket, a CONNECT). */
  readonly upgraded: boolean;
}

/** The table as another thread sees it. */
export class FlightReader {
  readonly #memory: Memory;

  constructor(buffer: SharedArrayBuffer) {
    this.#memory = new Memory(buffer);
  }

  /** How many requests have no place in the table. */
  get beyond(): number {
    return Math.max(0, Atomics.load(this.#memory.ints, BEYOND));
  }

  /** How many requests that were reported have ended; to be given to `tell` once their ends are reported too. */
  get ended(): number {
    return Atomics.load(this.#memory.ints, ENDED);
  }

  tell(ended: number): void {
    Atomics.store(this.#memory.ints, TOLD, ended);
  }

  get told(): number {
    return Atomics.load(this.#memory.ints, TOLD);
  }

  /** Resolves after `ms`, whatever changes. */
  async pause(ms: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, ms));
  }

  /** Resolves after `ms`, or when the table changes after `rest` was called. */
  async changed(ms: number): Promise<void> {
    await Atomics.waitAsync(this.#memory.ints, DIRTY, 0, ms).value;
  }

  /** From now on the next change wakes. */
  rest(): void {
    Atomics.store(this.#memory.ints, DIRTY, 0);
  }

  /** Whether something has changed since `rest`. */
  get isDirty(): boolean {
    return Atomics.load(this.#memory.ints, DIRTY) !== 0;
  }

  /** The requests in flight that began before `beforeMs`, in the order of their places. */
  list(beforeMs = Infinity): (Flight & { readonly slot: number })[] {
    const { ints, doubles } = this.#memory;
    const high = Atomics.load(ints, HIGH);
    const flights: (Flight & { readonly slot: number })[] = [];
    for (let slot = 0; slot < high; slot++) {
      if ((doubles[slot * SLOT_DOUBLES + START] ?? 0) >= beforeMs) continue;
      const flight = this.#read(slot);
      if (flight) flights.push({ ...flight, slot });
    }
    return flights;
  }

  /** How many requests have a place. */
  get count(): number {
    const { ints } = this.#memory;
    const high = Atomics.load(ints, HIGH);
    let count = 0;
    for (let slot = 0; slot < high; slot++)
      if (ints[HEADER_INTS + slot * SLOT_INTS + STATE] !== FREE) count++;
    return count;
  }

  /** Marks a request as reported; false if it has ended meanwhile. */
  mark({ id, slot }: Pick<Flight, 'id'> & { readonly slot: number }): boolean {
    const { ints } = this.#memory;
    const at = HEADER_INTS + slot * SLOT_INTS;
    if (Atomics.compareExchange(ints, at + STATE, OPEN, TOLD_OF) !== OPEN) return false;
    // It may be another request by now, which was not reported. That is harmless, since its end is reported in time too.
    return this.#idOf(slot) === id;
  }

  /** Takes every request in flight; at its end the writer learns that this thread has logged it. */
  *take(): Generator<Flight> {
    const high = Atomics.load(this.#memory.ints, HIGH);
    const { ints } = this.#memory;
    for (let slot = 0; slot < high; slot++) {
      const at = HEADER_INTS + slot * SLOT_INTS + STATE;
      for (let state = Atomics.load(ints, at); state === OPEN || state === TOLD_OF; ) {
        const found = Atomics.compareExchange(ints, at, state, TAKEN);
        if (found === state) {
          yield this.#decode(slot);
          break;
        }
        state = found;
      }
    }
  }

  #read(slot: number): Flight | null {
    const at = HEADER_INTS + slot * SLOT_INTS;
    const { ints } = this.#memory;
    const isOpen = () => {
      const state = Atomics.load(ints, at + STATE);
      return state === OPEN || state === TOLD_OF;
    };
    if (!isOpen()) return null;
    const serial = Atomics.load(ints, at + SERIAL);
    const flight = this.#decode(slot);
    // The writer does not wait, so that what it has overwritten meanwhile must not be shown.
    return isOpen() && Atomics.load(ints, at + SERIAL) === serial ? flight : null;
  }

  #idOf(slot: number): number {
    return Atomics.load(this.#memory.ints, HEADER_INTS + slot * SLOT_INTS + SERIAL) * SLOTS + slot;
  }

  #decode(slot: number): Flight {
    const { ints, doubles } = this.#memory;
    const at = HEADER_INTS + slot * SLOT_INTS;
    const status = Atomics.load(ints, at + STATUS);
    const lengths = Atomics.load(ints, at + LENGTHS);
    return {
      id: this.#idOf(slot),
      ...this.#memory.textsOf(slot),
      cut: (lengths & CUT_BIT) !== 0,
      protocol: protocolOf(lengths),
      startMs: doubles[slot * SLOT_DOUBLES + START] ?? 0,
      bytes: doubles[slot * SLOT_DOUBLES + BYTES] ?? 0,
      status: status & STATUS_MASK,
      ended: (status & ENDED_BIT) !== 0,
      upgraded: (status & UPGRADED_BIT) !== 0,
    };
  }
}

function protocolOf(lengths: number): string {
  if ((lengths & NEW_BIT) !== 0) return 'HTTP/2.0';
  return (lengths & OLD_BIT) === 0 ? 'HTTP/1.1' : 'HTTP/1.0';
}
