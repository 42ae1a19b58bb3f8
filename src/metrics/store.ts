import { fs } from '../support/builtins.ts';
import { addExemplars, type Exemplar, type Exemplars, takeExemplars } from './exemplars.ts';
import {
  type Block,
  type Blocks,
  clearBlock,
  decode,
  describeFile,
  emptyBase,
  readBlock,
  readFile,
  WorkerBlocks,
  writeBase,
  writeOwner,
} from './file.ts';
import { counterPlaces, FIGURES, gaugePlaces, HEADER, members, placeFor } from './layout.ts';
import type { Measured } from './measured.ts';
import {
  type CountersFile,
  type CountingPlace,
  type HandedCounters,
  makeFile,
  openFile,
  positionOf,
} from './place.ts';
import { countOf, SeriesTable } from './series.ts';
import { SharedMeasures } from './shared-measures.ts';

/** What one worker process counts, in the arbiter. */
export interface CountedWorker {
  readonly place: CountingPlace;
  /** Takes what the application of the worker, a process with that pid, measures. */
  measured(pid: number, measured: Measured): void;
  /** Takes the numbers that the worker sent. */
  heard(values: readonly number[]): void;
  /** The process has ended: adds what it counted to the sum. */
  ended(): void;
}

/** All counters of a service at one moment. */
export interface Totals {
  /** Sums of what is counted; gauges of the living. */
  readonly figures: Float64Array;
  /** [sum, …buckets] by key. */
  readonly series: ReadonlyMap<number, Float64Array>;
  readonly exemplars: Exemplars;
  /** The figures of each living worker. */
  readonly workers: readonly Float64Array[];
  /** How many requests each living worker has ended, by its process id. */
  readonly ended: ReadonlyMap<number, number>;
}

/** The counters of another arbiter, in its file. */
interface Other {
  readonly fd: number;
  /** Its gauges count only while it lives. */
  readonly isLiving: boolean;
}

const GAUGES = gaugePlaces();
const ACTIVE = (members.get('http_server_active_requests') ?? []).map(({ at }) => at);
const DIED = placeFor('tsunicorn_requests_cut_total', 'worker_died') ?? 0;

/**
 * The counters of a service, in its arbiter. Workers write theirs to a file in memory that the arbiter has opened; it
 * reads them when it is asked, also after their end. Where there is no such file, the workers send them. No call throws.
 */
export class CounterStore {
  /** Why there is no file; null where there is one. */
  readonly trouble: string | null;
  #fd: number | null;
  /** What ended workers and this arbiter have counted; a copy is in the file, for another arbiter. */
  readonly #base = emptyBase();
  readonly #series = new SeriesTable(this.#base);
  readonly #workers = new WorkerBlocks();
  /** Of the workers that send their numbers, the latest. */
  readonly #sent = new Map<number, Float64Array>();
  /** What applications measure. */
  readonly measured: SharedMeasures;
  #others: readonly Other[];

  /** Of a file that has been opened. */
  constructor({ fd, trouble, others, measures }: CountersFile) {
    this.measured = new SharedMeasures(measures);
    this.#fd = fd;
    this.trouble = trouble;
    this.#others = others.map((other) => ({ fd: other, isLiving: true }));
    this.#attempt(describeFile);
    this.publish();
  }

  /** Takes over what an old arbiter has handed over; without that, or where it cannot be used, begins at 0. */
  static open(handed: HandedCounters | null, make = makeFile): CounterStore {
    return new CounterStore(openFile(handed, make));
  }

  /** A worker process is about to be started; no other has that number. */
  begin(number: number): CountedWorker {
    this.#attempt((fd) => clearBlock(fd, number));
    return this.follow(number);
  }

  /** A worker process with that number counts already. */
  follow(number: number): CountedWorker {
    let pidOf: number | null = null;
    return {
      place: { fd: this.#fd, position: positionOf(number) },
      measured: (pid, measured) => {
        pidOf = pid;
        this.measured.heard(pid, measured);
      },
      heard: (values) => void this.#sent.set(number, Float64Array.from(values)),
      ended: () => {
        if (pidOf !== null) this.measured.ended(pidOf);
        this.#ended(number);
      },
    };
  }

  /** Adds to a figure of this arbiter. */
  add(at: number, amount: number): void {
    this.#base[at] = (this.#base[at] ?? 0) + amount;
  }

  /** Sets a gauge of this arbiter. */
  set(at: number, value: number): void {
    this.#base[at] = value;
  }

  /** Lets another arbiter see what was added and set. */
  publish(): void {
    this.#attempt((fd) => writeBase(fd, this.#base));
  }

  /** All counters: of this arbiter and its workers, and of the others that are known. */
  totals(): Totals {
    const sum = new Sum();
    const own = this.#attempt((fd) => this.#workers.read(fd)) ?? [];
    sum.take({ base: decode(this.#base), workers: [...own, ...[...this.#sent.values()].map(decode)] }, true);
    for (const { fd, isLiving } of this.#others) {
      const blocks = readQuietly(fd);
      if (blocks) sum.take(blocks, isLiving);
    }
    return sum;
  }

  /** Descriptors for a new arbiter, of which this one reads the counters from now on; null where nothing can be handed over. */
  handOver(make = makeFile): HandedCounters | null {
    this.#absorbOthers();
    return this.#attempt((fd) => {
      const own = make();
      this.#others = [{ fd: own, isLiving: true }];
      const measures = this.measured.handOver(make);
      return { own, others: [fd], ...(measures === null ? {} : { measures }) };
    });
  }

  /** The other arbiter has ended. Its workers may go on for a while. */
  othersGone(): void {
    this.#others = this.#others.map(({ fd }) => ({ fd, isLiving: false }));
    this.measured.otherGone();
  }

  /** The new arbiter was never a process: nobody has counted in what was handed over. */
  notTaken(): void {
    this.#absorbOthers();
    this.measured.otherGone();
  }

  /** Lets go of the files; what is counted from now on is not kept. */
  close(): void {
    const own = this.#fd;
    this.#fd = null;
    this.measured.close();
    for (const fd of [...(own === null ? [] : [own]), ...this.#others.map((other) => other.fd)])
      fs.closeSync(fd);
    this.#others = [];
  }

  #ended(number: number): void {
    const block = this.#sent.get(number) ?? this.#attempt((fd) => readBlock(fd, number));
    this.#sent.delete(number);
    if (block === undefined || block === null) return;
    // Another arbiter that reads the file must not see the numbers in both blocks.
    this.#attempt((fd) => writeOwner(fd, 1));
    this.#absorb(decode(block));
    this.#base[HEADER.owner] = 1;
    this.publish();
    this.#base[HEADER.owner] = 0;
    this.#attempt((fd) => clearBlock(fd, number));
    this.#attempt((fd) => writeOwner(fd, 0));
  }

  /** Adds the counters of arbiters that have ended, with all their workers, to this one's. */
  #absorbOthers(): void {
    for (const { fd } of this.#others) {
      const blocks = readQuietly(fd);
      if (blocks) for (const block of [blocks.base, ...blocks.workers]) this.#absorb(block);
      fs.closeSync(fd);
    }
    this.#others = [];
    this.publish();
  }

  /** Adds what a process has counted that has ended. */
  #absorb({ figures, series }: Block): void {
    const base = this.#base;
    addCounters(base, figures);
    takeExemplars(base, figures);
    for (const at of ACTIVE) base[DIED] = (base[DIED] ?? 0) + (figures[at] ?? 0);
    for (const [key, sums] of series) this.#series.add(key, sums);
  }

  /** Null where there is no file, or the system refuses: its numbers are then not seen by others. */
  #attempt<T>(act: (fd: number) => T): T | null {
    try {
      return this.#fd === null ? null : act(this.#fd);
    } catch {
      // ENOSPC, where others have filled /dev/shm.
      return null;
    }
  }
}

class Sum implements Totals {
  readonly figures = new Float64Array(FIGURES);
  readonly series = new Map<number, Float64Array>();
  readonly exemplars = new Map<number, Map<number, Exemplar>>();
  readonly workers: Float64Array[] = [];
  readonly ended = new Map<number, number>();

  take({ base, workers }: Blocks, isLiving: boolean): void {
    // First, as the sum takes over the series of the first block that has them.
    for (const { figures, series } of isLiving ? workers : []) {
      this.workers.push(figures);
      this.ended.set(figures[HEADER.pid] ?? 0, countOf(series));
    }
    for (const block of [base, ...workers]) {
      addCounters(this.figures, block.figures);
      addExemplars(block.figures, this.exemplars);
      if (isLiving) addGauges(this.figures, block.figures);
      for (const [key, sums] of block.series) this.#addSeries(key, sums);
    }
  }

  #addSeries(key: number, sums: Float64Array): void {
    const sum = this.series.get(key);
    if (sum) for (let at = 0; at < sums.length; at++) sum[at] = (sum[at] ?? 0) + (sums[at] ?? 0);
    else this.series.set(key, sums);
  }
}

const COUNTERS = counterPlaces();

// By index: V8 has not compiled what a scrape runs now and then, and then an iterator takes most of the time.

/** Numbers come from processes that run the application's code: what is no number, or negative, is not added. */
function addCounters(to: Float64Array, from: Float64Array): void {
  for (let index = 0; index < COUNTERS.length; index++) {
    const at = COUNTERS[index] ?? 0;
    const amount = from[at] ?? 0;
    if (amount > 0 && amount < Infinity) to[at] = (to[at] ?? 0) + amount;
  }
}

function addGauges(to: Float64Array, from: Float64Array): void {
  for (let index = 0; index < GAUGES.length; index++) {
    const at = GAUGES[index] ?? 0;
    to[at] = (to[at] ?? 0) + (from[at] ?? 0);
  }
}

function readQuietly(fd: number): Blocks | null {
  try {
    return readFile(fd);
  } catch {
    // It was not handed over after all.
    return null;
  }
}
