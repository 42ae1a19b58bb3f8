import { isIP, type Socket } from 'node:net';
import type { Handing } from '../listeners/handed.ts';
import type { SocketAnswer } from '../process/ipc/listening.ts';
import { type PassedSocket, toPass } from '../process/passed-socket.ts';
import { overlap, parseAddress } from '../settings/address.ts';

/** A socket on which applications listen beside the service, such as for metrics. Workers inherit `fd`. */
export interface SideSocket extends PassedSocket {
  /** What the application asked for. */
  readonly place: string;
  /** What a client would be told. */
  readonly url: string;
}

/** A worker by its age, and the generation that it belongs to. */
interface Who {
  readonly age: number;
  readonly generation: number;
}

interface Held {
  readonly side: SideSocket;
  /** The generations of the workers that listen on it, by their ages. */
  readonly users: Map<number, number>;
  /** The latest generation that wants it: its application has not closed its server there. 0 if none does. */
  generation: number;
  /** The latest generation of which a worker has closed its server there, if none has listened since; otherwise 0. */
  givenUp: number;
}

type Answer = Pick<SocketAnswer, 'answer' | 'url'> & { readonly socket: Socket | null };

/**
 * The side sockets of the service. The first worker that asks for one binds it, the arbiter holds it, and the others
 * inherit it: its queue outlives them. It is closed when no worker listens on it and the generation that serves, or boots,
 * does not want it.
 */
export class SideSockets {
  readonly #held = new Map<string, Held>();
  /** What workers ask for in vain, by their ages: who has bound a socket does not ask for it. */
  readonly #seekers = new Map<number, Set<string>>();
  /** The ages of the workers that boot, and may yet use what they were handed. */
  readonly #loading = new Set<number>();

  /** `adopted` were handed to this arbiter by the one before it, and are wanted by `generation`. */
  constructor(adopted: readonly SideSocket[], generation: number) {
    for (const side of adopted)
      this.#held.set(side.place, { side, users: new Map(), generation, givenUp: 0 });
  }

  get open(): readonly SideSocket[] {
    return [...this.#held.values()].map(({ side }) => side);
  }

  /** A worker is started, which is handed what is open. */
  spawned(age: number): void {
    this.#loading.add(age);
  }

  /** A worker has loaded the application: what it was handed and does not use, it has closed. */
  loaded(age: number): void {
    this.#loading.delete(age);
  }

  ended(age: number): void {
    this.#loading.delete(age);
    this.#seekers.delete(age);
    for (const held of this.#held.values()) {
      // Its own kind has closed it, and might have been heard after the end.
      const isGivenUp = held.users.delete(age) && held.users.size === 0 && held.generation <= held.givenUp;
      if (isGivenUp) held.generation = 0;
    }
  }

  /** A worker has bound a socket. */
  bound(who: Who, side: SideSocket): void {
    const held = this.#held.get(side.place);
    // Of a path that was unlinked in between, the latest is the one that clients reach.
    if (held) held.side.close();
    this.#held.set(side.place, { side, users: held?.users ?? new Map(), generation: 0, givenUp: 0 });
    this.took(who, side.place);
  }

  /** A worker uses what it was handed. */
  took({ age, generation }: Who, place: string): void {
    const held = this.#held.get(place);
    if (held === undefined) return;
    this.#seekers.get(age)?.delete(addressOf(place, held.side.url));
    held.users.set(age, generation);
    held.generation = Math.max(held.generation, generation);
    held.givenUp = 0;
  }

  /** The application has closed its server there. */
  released({ age, generation }: Who, place: string): void {
    const held = this.#held.get(place);
    if (!held?.users.delete(age)) return;
    // Workers that end keep what they want; one that has closed it wants it no more, nor do those like it.
    held.generation = Math.max(0, ...held.users.values());
    held.givenUp = generation;
  }

  /**
   * Answers a worker that finds an address taken. A socket on the same port of another host is as good, since nobody can
   * have both. `others` are the ages of the workers that may be about to send the socket.
   */
  wanted(who: Who, place: string, port: number | null, others: readonly number[]): Answer {
    const held =
      this.#held.get(place) ?? [...this.#held.values()].find(({ side }) => isInTheWay(side, place, port));
    if (held === undefined) {
      const address = port === null ? place : `${port}`;
      const mayCome = others.some((age) => !this.#seekers.get(age)?.has(address));
      this.#seekers.set(who.age, (this.#seekers.get(who.age) ?? new Set()).add(address));
      return { answer: mayCome ? 'later' : 'none', url: null, socket: null };
    }
    this.took(who, held.side.place);
    const { url, socket } = held.side;
    return { answer: 'given', url, socket };
  }

  /**
   * Closes what nobody needs; `current` is the generation that serves. `boots` is whether a worker has yet to serve: one that
   * was told to leave before that takes nothing any more.
   */
  sweep(current: number, boots: (age: number) => boolean): void {
    if (this.#held.size === 0 || [...this.#loading].some(boots)) return;
    for (const [place, { side, users, generation }] of this.#held)
      if (users.size === 0 && generation < current) {
        this.#held.delete(place);
        side.close();
      }
  }

  closeAll(): void {
    for (const { side } of this.#held.values()) side.close();
    this.#held.clear();
  }
}

/** How it is handed over to another arbiter. */
export function handingOf({ place, url, fd }: SideSocket): Handing {
  return { address: parseAddress(place, url), fd, url, place, role: 'side' };
}

/** One that was handed over to this arbiter, under that number. */
export function adoptSide(place: string, url: string, fd: number): SideSocket {
  const socket = toPass(fd);
  return { place, url, fd, socket, close: () => void socket.destroy() };
}

/** The port or, of a Unix socket, the path. */
function addressOf(place: string, url: string): string {
  return url.startsWith('http') ? new URL(url).port || '80' : place;
}

/** Whether a socket on the same port takes the address away; `place` is as in SideSocket. */
function isInTheWay({ url }: SideSocket, place: string, port: number | null): boolean {
  if (port === null || !url.startsWith('http')) return false;
  const address = parseAddress('', url);
  if (address.kind !== 'tcp' || address.port !== port) return false;
  const host = /^port \d+ of (\S+)$/.exec(place)?.[1] ?? '::';
  return isIP(host) === 0 || overlap(address, { ...address, host });
}
