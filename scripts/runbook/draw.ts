/** How the application of a stage is written. */
export const PROGRAMS = ['express', 'koa', 'fastify', 'fetch', 'listener', 'script'] as const;

export type Program = (typeof PROGRAMS)[number];
export type WorkerClass = 'async' | 'sync' | 'thread';

/** Where the application does what; as they are asked for, with a slash. */
export interface Paths {
  readonly compute: string;
  readonly search: string;
  readonly collect: string;
  readonly wait: string;
  readonly lose: string;
  readonly lookup: string;
  readonly crash: string;
  readonly quit: string;
  readonly reject: string;
  readonly open: string;
  readonly fail: string;
}

const USUAL: Paths = {
  ...{ compute: '/report', search: '/search', collect: '/export', wait: '/orders', lose: '/lost' },
  ...{
    lookup: '/lookup',
    crash: '/crash',
    quit: '/quit',
    reject: '/forgotten',
    open: '/open',
    fail: '/fail',
  },
};
const NAMES = 'invoices carts users stock prices images feeds jobs events mails totals audits batches'.split(
  ' ',
);

/** What a staging varies: without a seed all that is usual, with one the same each time for the same title. */
export class Draw {
  readonly seed: number | null;
  readonly #next: () => number;
  readonly program: Program;
  readonly workerClass: WorkerClass;
  readonly workers: number;
  readonly paths: Paths;

  constructor(seed: number | null, title: string) {
    this.seed = seed;
    this.#next = seed === null ? () => 0 : randomFrom(`${seed} ${title}`);
    this.program = this.pick(PROGRAMS);
    const classes = this.program === 'script' ? CLASSES.slice(0, 2) : CLASSES;
    this.workerClass = seed === null ? 'async' : this.pick(classes);
    this.workers = this.number(2, 1, 4);
    this.paths = seed === null ? USUAL : this.#names();
  }

  /** A whole number from `least` to `most`; without a seed `usual`. */
  number(usual: number, least: number, most: number): number {
    return this.seed === null ? usual : least + Math.floor(this.#next() * (most - least + 1));
  }

  /** One of them; without a seed the first. */
  pick<Item>(of: readonly Item[]): Item {
    const found = of[Math.floor(this.#next() * of.length)];
    if (found === undefined) throw new Error('there is nothing to pick');
    return found;
  }

  /** In another order; without a seed in the same. */
  shuffled<Item>(of: readonly Item[]): Item[] {
    const places = of.map((item) => ({ item, place: this.#next() }));
    return places.toSorted((one, other) => one.place - other.place).map(({ item }) => item);
  }

  #names(): Paths {
    const names = this.shuffled(NAMES);
    const taken = Object.keys(USUAL).map((key, index) => [key, `/${names[index]}/${this.number(0, 1, 99)}`]);
    return Object.fromEntries(taken) as Record<keyof Paths, string>;
  }
}

const CLASSES: readonly WorkerClass[] = ['async', 'sync', 'thread'];

/** Numbers from 0 to 1 that follow from a text alone: mulberry32 from its FNV-1a hash. */
function randomFrom(text: string): () => number {
  let state = 0x811c9dc5;
  for (const byte of Buffer.from(text)) state = Math.imul(state ^ byte, 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
