import { fs } from '../support/builtins.ts';
import type { Measured } from './measured.ts';
import { type CountersFile, type CountingPlace, positionOf } from './place.ts';
import type { CountedWorker, CounterStore } from './store.ts';

/** The counters of a service: what the first worker needs at once, and the rest when it is loaded. */
export class Counters {
  readonly #file: CountersFile;
  readonly #early = new Map<number, EarlyWorker>();
  #store: CounterStore | null = null;

  constructor(file: CountersFile) {
    this.#file = file;
  }

  /** A worker process is about to be started; no other has that number. */
  begin(number: number): CountedWorker {
    if (this.#store !== null) return this.#store.begin(number);
    const worker = new EarlyWorker({ fd: this.#file.fd, position: positionOf(number) });
    this.#early.set(number, worker);
    return worker;
  }

  /** Loads what adds them up, once. */
  async load(): Promise<CounterStore> {
    const { CounterStore } = await import('./store.ts');
    const store = new CounterStore(this.#file);
    this.#store = store;
    for (const [number, worker] of this.#early) worker.follow(store.follow(number));
    this.#early.clear();
    return store;
  }

  /** Lets go of the files; what is counted from now on is not kept. */
  close(): void {
    const { fd, others, measures } = this.#file;
    if (this.#store !== null) this.#store.close();
    else
      for (const open of [fd, ...others, measures?.own, measures?.other])
        if (open !== null && open !== undefined) fs.closeSync(open);
  }
}

/** A worker that was started before what adds up its counters is loaded. */
class EarlyWorker implements CountedWorker {
  readonly place: CountingPlace;
  #counted: CountedWorker | null = null;
  readonly #missed: ((counted: CountedWorker) => void)[] = [];

  constructor(place: CountingPlace) {
    this.place = place;
  }

  follow(counted: CountedWorker): void {
    this.#counted = counted;
    for (const tell of this.#missed.splice(0)) tell(counted);
  }

  measured(pid: number, measured: Measured): void {
    this.#tell((counted) => counted.measured(pid, measured));
  }

  heard(values: readonly number[]): void {
    this.#tell((counted) => counted.heard(values));
  }

  ended(): void {
    this.#tell((counted) => counted.ended());
  }

  #tell(tell: (counted: CountedWorker) => void): void {
    if (this.#counted === null) this.#missed.push(tell);
    else tell(this.#counted);
  }
}
