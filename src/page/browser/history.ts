import type { WireMark, WireTick } from '../wire.ts';

const SECONDS = 900;
/** Between samples that are further apart, no line is drawn. */
const GAP = 3;

type Column = (number | null)[];

/** The figures of the last 15 minutes, in columns as uPlot takes them. */
export class History {
  readonly times: number[] = [];
  readonly #figures: readonly string[];
  readonly #slotFigures: readonly string[];
  readonly #service: readonly Column[];
  readonly #slots = new Map<number, readonly Column[]>();
  marks: WireMark[];

  /** Of what `/page/history` answers; see src/page/history/ring.ts. */
  constructor(encoded: ArrayBuffer) {
    const bytes = new Uint8Array(encoded);
    const end = bytes.indexOf(10);
    const head = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)));
    const { count, figures, slotFigures, slots, marks } = head;
    let at = end + 1;
    this.times = [...new Float64Array(encoded, at, count)];
    at += count * 8;
    const column = (): Column => {
      const values = [...new Float32Array(encoded, at, count)];
      at += count * 4;
      return values.map((value) => (Number.isNaN(value) ? null : value));
    };
    this.#figures = figures;
    this.#slotFigures = slotFigures;
    this.#service = figures.map(column);
    for (const slot of slots) this.#slots.set(slot, slotFigures.map(column));
    this.marks = marks;
  }

  get slots(): readonly number[] {
    return [...this.#slots.keys()].sort((one, other) => one - other);
  }

  of(figure: string): Column {
    return this.#service[this.#figures.indexOf(figure)] ?? [];
  }

  ofSlot(slot: number, figure: string): Column {
    return this.#slots.get(slot)?.[this.#slotFigures.indexOf(figure)] ?? [];
  }

  add({ at, figures, slots, marks }: Pick<WireTick, 'at' | 'figures' | 'slots' | 'marks'>): void {
    const latest = this.times.at(-1) ?? at;
    if (at - latest > GAP) this.#push(latest + 1, [], {});
    if (at > latest) this.#push(at, figures, slots);
    this.marks.push(...marks);
    this.marks = this.marks.filter((mark) => mark.at > at - SECONDS);
  }

  #push(at: number, figures: WireTick['figures'], slots: WireTick['slots']): void {
    this.times.push(at);
    for (const [index, column] of this.#service.entries()) column.push(figures[index] ?? null);
    for (const slot of Object.keys(slots).map(Number))
      if (!this.#slots.has(slot))
        this.#slots.set(
          slot,
          this.#slotFigures.map(() => new Array<number | null>(this.times.length - 1).fill(null)),
        );
    for (const [slot, columns] of this.#slots)
      for (const [index, column] of columns.entries()) column.push(slots[slot]?.[index] ?? null);
    const columns = [this.times, ...this.#service, ...[...this.#slots.values()].flat()];
    if (this.times.length > SECONDS) for (const column of columns) column.shift();
  }
}
