import type { ListenMessage, SocketAnswer } from '../../src/process/ipc/listening.ts';
import type { Chance } from './chance.ts';

/** The places on which applications may listen beside the service. */
const PLACES = ['port 9090', 'port 9091', '/run/side.sock'];

/** Of the places, those on which an application listens. */
export function drawPlaces(chance: Chance): readonly string[] {
  return chance.happens(0.6) ? PLACES.filter(() => chance.happens(0.4)) : [];
}

/** A socket on which somebody listens: it is open as long as anybody has it. */
interface Listening {
  readonly place: string;
  /** The latest generation of those that listened on it. */
  generation: number;
  /** Processes, and what the arbiter has received or is about to. */
  readonly holders: Set<object>;
}

/** What came with a message to the arbiter. */
interface Received {
  readonly listening: Listening;
  isOpen: boolean;
}

/** The listening sockets of the machine that workers have bound, and who has them. */
export class SideListens {
  readonly #all: Listening[] = [];
  readonly #received: Received[] = [];
  #fd = 2000;

  /** The places of the sockets that the arbiter has. */
  get ofArbiter(): readonly string[] {
    return this.#received.filter(({ isOpen }) => isOpen).map(({ listening }) => listening.place);
  }

  at(place: string): Listening | undefined {
    return this.#all.find((one) => one.place === place && one.holders.size > 0);
  }

  /** Whether a process listens there, or the application of this generation did so last. */
  isWanted(place: string, generation: number): boolean {
    return this.#all.some(
      (one) =>
        one.place === place &&
        one.holders.size > 0 &&
        (one.generation >= generation || [...one.holders].some(isProcess)),
    );
  }

  bind(place: string, holder: object): Listening {
    const listening = { place, generation: 0, holders: new Set([holder]) };
    this.#all.push(listening);
    return listening;
  }

  /** The process has ended. */
  ended(holder: object): void {
    for (const { holders } of this.#all) holders.delete(holder);
  }

  /** What Node would give the arbiter that receives the socket. */
  send(listening: Listening): object {
    const received: Received = { listening, isOpen: true };
    this.#received.push(received);
    listening.holders.add(received);
    const fd = this.#fd++;
    return {
      _handle: { fd, readStop: () => 0 },
      on: () => {},
      destroy: () => {
        received.isOpen = false;
        listening.holders.delete(received);
      },
    };
  }
}

function isProcess(holder: object): boolean {
  return 'isAlive' in holder;
}

export interface SideApplicationOptions {
  readonly listens: SideListens;
  /** The process. */
  readonly holder: object;
  readonly generation: number;
  readonly places: readonly string[];
  readonly chance: Chance;
  readonly isCalm: () => boolean;
  readonly later: (ms: number, act: () => void) => void;
  /** `arrived` is called when the arbiter gets the message, which a worker that dies may not live to see. */
  readonly tell: (message: ListenMessage, socket?: object, arrived?: () => void) => void;
  readonly failed: (what: string) => void;
}

const RETRY_MS = [20, 50, 100, 200, 400, 800, 1600, 1600];

/** The side listens of one worker: as src/app/script/sides.ts makes them, but that messages may come late. */
export class SideApplication {
  readonly #options: SideApplicationOptions;
  readonly #handed: ReadonlySet<string>;
  readonly #used = new Set<string>();
  readonly #asked = new Map<number, { readonly place: string; readonly tries: number }>();
  #lastId = 0;

  constructor(options: SideApplicationOptions, handed: readonly string[]) {
    this.#options = options;
    this.#handed = new Set(handed);
    for (const place of handed) options.listens.at(place)?.holders.add(options.holder);
  }

  /** The application is loaded, and listens now or a while later. */
  loaded(): void {
    const { places, chance, later } = this.#options;
    for (const place of places) {
      if (chance.happens(0.7)) this.#listen(place, 0);
      else later(chance.between(1, 3000), () => this.#listen(place, 0));
    }
  }

  /** What it was handed and does not use is closed. */
  ready(): void {
    for (const place of this.#handed) if (!this.#used.has(place)) this.#close(place);
  }

  heard({ id, answer }: SocketAnswer): void {
    const { listens, holder, failed, later, isCalm } = this.#options;
    const asked = this.#asked.get(id);
    if (asked === undefined) return;
    this.#asked.delete(id);
    const { place, tries } = asked;
    if (answer === 'given') {
      listens.at(place)?.holders.add(holder);
      return this.#use(place);
    }
    // Otherwise the socket may have come behind the answer.
    if (answer === 'none' && isCalm() && listens.ofArbiter.includes(place))
      failed(`a worker was refused ${place}, which the arbiter has`);
    const waitMs = answer === 'none' && tries === 0 ? 0 : RETRY_MS[tries];
    if (waitMs !== undefined && (answer === 'later' || tries === 0))
      later(waitMs, () => this.#listen(place, tries + 1));
  }

  #listen(place: string, tries: number): void {
    const { listens, holder, chance, tell, later, isCalm } = this.#options;
    if (this.#used.has(place)) return;
    const open = listens.at(place);
    if (open?.holders.has(holder)) {
      this.#use(place);
      tell({ tsunicorn: 'took', place, role: 'side' });
    } else if (open) {
      this.#lastId++;
      this.#asked.set(this.#lastId, { place, tries });
      // Its application wants it from now on, though it may die before it hears the answer.
      tell({ tsunicorn: 'wanted', place, port: null, id: this.#lastId }, undefined, () =>
        this.#wants(listens.at(place)),
      );
    } else {
      const listening = listens.bind(place, holder);
      this.#use(place);
      const url = place.startsWith('/') ? `unix:${place}` : `http://[::]:${place.slice(5)}`;
      later(chance.between(0, isCalm() ? 1 : 300), () => {
        // A probe of a port is never told of.
        if (this.#used.has(place))
          tell({ tsunicorn: 'bound', place, url, role: 'side' }, listens.send(listening));
      });
    }
    if (chance.happens(0.1) && !isCalm()) later(chance.between(1, 5000), () => this.#release(place));
  }

  #release(place: string): void {
    if (!this.#used.delete(place)) return;
    const { listens, generation, tell } = this.#options;
    const listening = listens.at(place);
    this.#close(place);
    tell({ tsunicorn: 'released', place }, undefined, () => {
      if (listening === undefined || [...listening.holders].some(isProcess)) return;
      // A younger generation wants it all the same.
      if (listening.generation <= generation) listening.generation = 0;
    });
  }

  #use(place: string): void {
    this.#used.add(place);
    this.#wants(this.#options.listens.at(place));
  }

  #wants(listening: Listening | undefined): void {
    if (listening) listening.generation = Math.max(listening.generation, this.#options.generation);
  }

  #close(place: string): void {
    this.#options.listens.at(place)?.holders.delete(this.#options.holder);
  }
}
