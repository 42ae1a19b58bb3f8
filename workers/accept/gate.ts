import type { ServerOpts, Socket } from 'node:net';
import type { HandedListener } from '../../src/process/ipc/boot-spec.ts';
import { formatTcp } from '../../src/settings/address.ts';
import type { Clock } from '../../src/support/clock.ts';
import { type DoorListener, type EarlyDoor, type ListenerDoor, openListenerDoor } from './listener-door.ts';

/** Accepting, in one place: opens the inherited sockets, pauses and resumes, empties the queue, closes. */
export interface Gate {
  /** Listens on every inherited socket; rejects with the system error and the `listener` that failed. */
  open(listeners: readonly DoorListener[], backlog: number): Promise<readonly string[]>;
  /** Accepts from a socket of this process alone, which the caller closes. */
  openPrivate(door: EarlyDoor): Promise<ListenerDoor>;
  /** Leaves new connections in the kernel's queue, for other workers to take. */
  pause(): void;
  resume(): void;
  /**
   * Accepts what the kernel has queued, for `limitMs` at most, then stops accepting for good, as close() does. Accepted
   * connections are held back until then: a client that has no answer does not connect again, so the queue runs dry. An
   * inherited descriptor is just closed, since its owner keeps the socket with its queue for the next service.
   */
  closeWhenEmpty(limitMs: number): Promise<void>;
  /** Stops accepting for good; what was accepted is not touched. */
  close(): void;
}

export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly listener: HandedListener;

  constructor(listener: HandedListener, cause: Error) {
    super(cause.message, { cause });
    this.listener = listener;
  }
}

/** Takes an accepted connection; `listener` is null for one that came through a socket of this process alone. */
export type Feed = (socket: Socket, listener: HandedListener | null) => void;

/** Makes the gate. `feed` gets each accepted connection, which is made with these options. */
export function createGate(feed: Feed, clock: Clock, options: ServerOpts = {}): Gate {
  return new AcceptGate(feed, clock, options);
}

const { AsyncLocalStorage } = process.getBuiltinModule('node:async_hooks');

/** A connection that is held back, and where it came in. */
interface Held {
  readonly socket: Socket;
  readonly listener: HandedListener | null;
}

/** After this long without a connection the queue counts as empty. */
const QUIET_MS = 10;

class AcceptGate implements Gate {
  readonly #feed: Feed;
  readonly #clock: Clock;
  readonly #options: ServerOpts;
  #listenerDoors: readonly ListenerDoor[] = [];
  /** Those of `#listenerDoors` whose socket the service was given by another process. */
  #lent: readonly ListenerDoor[] = [];
  #state: 'open' | 'paused' | 'holding' | 'closed' = 'open';
  /** Accepted and not yet fed: while the queue is emptied, or while the gate is paused and a door cannot pause. */
  #held: Held[] = [];
  #accepted = 0;

  /** Outside the context of the request that has ended: later connections would see its AsyncLocalStorage. */
  readonly #reopen = AsyncLocalStorage.bind(() => {
    this.#state = 'open';
    this.#resumeAll();
    this.#feedHeld();
  });

  constructor(feed: Feed, clock: Clock, options: ServerOpts) {
    this.#feed = feed;
    this.#clock = clock;
    // As http.Server itself sets them: a client may close its side first and still read the answer.
    this.#options = {
      allowHalfOpen: true,
      noDelay: true,
      ...options,
    };
  }

  async open(listeners: readonly DoorListener[], backlog: number): Promise<readonly string[]> {
    const open = async (listener: DoorListener) => {
      try {
        return await openListenerDoor(
          listener,
          { ...this.#options, backlog: listener.backlog ?? backlog },
          (socket) => this.#accept(socket, listener),
        );
      } catch (error) {
        throw new ListenError(listener, error as Error);
      }
    };
    this.#listenerDoors = await Promise.all(listeners.map(open));
    this.#lent = this.#listenerDoors.filter((_, index) => listeners[index]?.kind === 'fd');
    return this.#listenerDoors.map(({ address }) => urlOf(address));
  }

  openPrivate(door: EarlyDoor): Promise<ListenerDoor> {
    return door.open(this.#options, (socket) => this.#accept(socket, null));
  }

  pause(): void {
    if (this.#state !== 'open') return;
    this.#state = 'paused';
    for (const door of this.#listenerDoors) door.pause();
  }

  resume(): void {
    if (this.#state === 'paused') this.#reopen();
  }

  async closeWhenEmpty(limitMs: number): Promise<void> {
    this.#state = 'holding';
    for (const door of this.#lent) door.close();
    this.#listenerDoors = this.#listenerDoors.filter((door) => !this.#lent.includes(door));
    if (this.#listenerDoors.length === 0) return this.close();
    this.#resumeAll();
    const clock = this.#clock;
    const started = clock.now();
    let quietSince = started;
    while (clock.now() - started < limitMs && clock.now() - quietSince < QUIET_MS) {
      const before = this.#accepted;
      await pause(1, clock);
      if (this.#accepted > before) quietSince = clock.now();
    }
    // The kernel resets what arrives between the last accept and the close, so nothing else may run in between.
    for (let before = -1; before < this.#accepted && clock.now() - started < limitMs * 2; ) {
      before = this.#accepted;
      await turn();
      await turn();
    }
    this.#shut();
    // Other workers end at about the same time. A client that got its answer now might connect to a socket that closes.
    await pause(2 * QUIET_MS, clock);
    this.#feedHeld();
  }

  close(): void {
    this.#resumeAll();
    this.#shut();
    this.#feedHeld();
  }

  #accept(socket: Socket, listener: HandedListener | null): void {
    this.#accepted++;
    if (this.#state === 'open') return this.#feed(socket, listener);
    // The client may go while nothing else listens to the socket yet.
    socket.on('error', ignore);
    this.#held.push({ socket, listener });
  }

  #shut(): void {
    this.#state = 'closed';
    for (const door of this.#listenerDoors) door.close();
    this.#listenerDoors = [];
  }

  #feedHeld(): void {
    // Feeding may pause the gate again.
    for (
      let held = this.#held.shift();
      held;
      held = this.#state === 'paused' ? undefined : this.#held.shift()
    ) {
      const { socket, listener } = held;
      // If the client has gone without a word, `end` was emitted already, and the engine would wait for it for ever.
      if (socket.readableEnded) socket.destroy();
      if (socket.destroyed) continue;
      this.#feed(socket, listener);
      socket.off('error', ignore);
    }
  }

  #resumeAll(): void {
    for (const door of this.#listenerDoors) door.resume();
  }
}

function urlOf(address: ListenerDoor['address']): string {
  if (typeof address === 'object' && address !== null) return formatTcp(address.address, address.port);
  // Node does not tell the path of an inherited Unix socket.
  return address === null ? '' : `unix:${address.replace(/^\0/, '@')}`;
}

function ignore(): void {}

/** Resolves after one turn of the event loop, which accepts from the kernel's queue. */
function turn(): Promise<void> {
  return new Promise((done) => void setImmediate(done));
}

function pause(ms: number, clock: Clock): Promise<void> {
  return new Promise((done) => void clock.after(ms, done));
}
