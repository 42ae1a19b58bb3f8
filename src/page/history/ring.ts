import {
  type Mark,
  MOST_MARKS,
  MOST_SLOTS,
  type Sample,
  SECONDS,
  SERVICE_FIGURES,
  SLOT_FIGURES,
} from './figures.ts';

const VERSION = 1;
const ALIGNED = 8;

/** What stands before the numbers, as one line of JSON that is padded to a multiple of 8 bytes. */
interface Head {
  readonly version: number;
  /** How many seconds follow. */
  readonly count: number;
  readonly figures: readonly string[];
  readonly slotFigures: readonly string[];
  readonly slots: readonly number[];
  readonly marks: readonly Mark[];
}

/**
 * The last 15 minutes, a sample a second: 65 KB for the service and 21.6 KB for each slot, at most 0.76 MB.
 */
export class HistoryRing {
  readonly #times = new Float64Array(SECONDS);
  readonly #service = new Float32Array(SERVICE_FIGURES.length * SECONDS);
  readonly #slots = new Map<number, Float32Array>();
  #marks: Mark[] = [];
  /** The place of the next sample. */
  #next = 0;
  #count = 0;

  get length(): number {
    return this.#count;
  }

  get marks(): readonly Mark[] {
    return this.#marks;
  }

  /** In seconds; -Infinity before the first sample. */
  get latest(): number {
    return this.#count === 0 ? -Infinity : (this.#times[(this.#next + SECONDS - 1) % SECONDS] ?? 0);
  }

  add({ at, service, bySlot }: Sample): void {
    const place = this.#next;
    this.#times[place] = at;
    put(this.#service, place, service);
    for (const [slot, figures] of this.#slots) if (!bySlot.has(slot)) put(figures, place, []);
    for (const [slot, figures] of folded(bySlot)) put(this.#columnsOf(slot), place, figures);
    this.#next = (place + 1) % SECONDS;
    this.#count = Math.min(this.#count + 1, SECONDS);
  }

  mark(mark: Mark): void {
    this.#marks.push(mark);
    if (this.#marks.length > MOST_MARKS) this.#marks.shift();
  }

  /** All of it: the head, the times as 64-bit numbers, then each figure and those of each slot as 32-bit numbers. */
  encode(): Buffer {
    const slots = [...this.#slots.keys()].toSorted((one, other) => one - other);
    const head = headText({
      ...{ version: VERSION, count: this.#count, figures: SERVICE_FIGURES, slotFigures: SLOT_FIGURES },
      ...{ slots, marks: this.#marks },
    });
    const columns = [this.#service, ...slots.map((slot) => this.#columnsOf(slot))];
    return Buffer.concat([
      Buffer.from(head),
      bytesOf(this.#inOrder(this.#times)),
      ...columns.flatMap((values) => columnsOf(values).map((column) => bytesOf(this.#inOrder(column)))),
    ]);
  }

  /** Takes over what another arbiter has encoded, as far as it is older than `before`. Nothing of a form that is not known. */
  restore(encoded: Uint8Array, before: number): void {
    const found = decode(encoded);
    if (found === null) return;
    for (const sample of found.samples) if (sample.at < before && sample.at > this.latest) this.add(sample);
    for (const mark of found.marks) if (mark.at < before) this.mark(mark);
  }

  #columnsOf(slot: number): Float32Array {
    const known = this.#slots.get(slot);
    if (known) return known;
    const made = new Float32Array(SLOT_FIGURES.length * SECONDS).fill(Number.NaN);
    this.#slots.set(slot, made);
    return made;
  }

  /** The oldest first. */
  #inOrder<Numbers extends Float32Array | Float64Array>(column: Numbers): readonly Numbers[] {
    if (this.#count < SECONDS) return [column.subarray(0, this.#count) as Numbers];
    return [column.subarray(this.#next) as Numbers, column.subarray(0, this.#next) as Numbers];
  }
}

/** What `encode` has written, in the present order of figures; null where it cannot be read. */
export function decode(
  encoded: Uint8Array,
): { readonly samples: readonly Sample[]; readonly marks: readonly Mark[] } | null {
  const head = headOf(encoded);
  if (head === null) return null;
  const { count, figures, slotFigures, slots, marks } = head;
  // A copy, whose numbers are aligned: a slice of a Buffer would be none.
  const bytes = Uint8Array.from(encoded.subarray(encoded.indexOf(10) + 1));
  const columns = figures.length + slots.length * slotFigures.length;
  if (bytes.length < count * (8 + columns * 4)) return null;
  const times = new Float64Array(bytes.buffer, 0, count);
  const values = new Float32Array(bytes.buffer, count * 8, columns * count);
  const read = (wanted: readonly string[], written: readonly string[], from: number, at: number) =>
    wanted.map((name) => {
      const column = written.indexOf(name);
      return column < 0 ? Number.NaN : (values[(from + column) * count + at] ?? Number.NaN);
    });
  const samples = Array.from(times, (time, at): Sample => {
    const ofSlot = (slot: number, index: number) =>
      [slot, read(SLOT_FIGURES, slotFigures, figures.length + index * slotFigures.length, at)] as const;
    return { at: time, service: read(SERVICE_FIGURES, figures, 0, at), bySlot: new Map(slots.map(ofSlot)) };
  });
  return { samples, marks };
}

function headOf(encoded: Uint8Array): Head | null {
  try {
    const head = JSON.parse(Buffer.from(encoded.subarray(0, encoded.indexOf(10))).toString()) as Head;
    const lists = [head.figures, head.slotFigures, head.slots, head.marks];
    const isKnown = head.version === VERSION && head.count <= SECONDS && lists.every(Array.isArray);
    return isKnown && head.slots.length <= MOST_SLOTS ? head : null;
  } catch {
    return null;
  }
}

function headText(head: Head): string {
  const text = JSON.stringify(head);
  const length = Buffer.byteLength(text) + 1;
  return `${text}${' '.repeat((ALIGNED - (length % ALIGNED)) % ALIGNED)}\n`;
}

function put(columns: Float32Array, place: number, figures: readonly number[]): void {
  for (let column = 0; column * SECONDS < columns.length; column++)
    columns[column * SECONDS + place] = figures[column] ?? Number.NaN;
}

function columnsOf(values: Float32Array): readonly Float32Array[] {
  return Array.from({ length: values.length / SECONDS }, (_, column) =>
    values.subarray(column * SECONDS, (column + 1) * SECONDS),
  );
}

function bytesOf(parts: readonly (Float32Array | Float64Array)[]): Buffer {
  return Buffer.concat(
    parts.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)),
  );
}

/** The largest of those that share a row. */
function folded(bySlot: Sample['bySlot']): ReadonlyMap<number, readonly number[]> {
  if (![...bySlot.keys()].some((slot) => slot >= MOST_SLOTS)) return bySlot;
  const rows = new Map<number, readonly number[]>();
  for (const [slot, figures] of bySlot) {
    const row = Math.min(slot, MOST_SLOTS - 1);
    const known = rows.get(row);
    rows.set(row, known ? figures.map((figure, at) => larger(figure, known[at])) : figures);
  }
  return rows;
}

function larger(one: number, other = Number.NaN): number {
  return Number.isNaN(one) ? other : Number.isNaN(other) ? one : Math.max(one, other);
}
