import type { Socket } from 'node:net';
import { type Clock, every } from '../support/clock.ts';

/** How many steps of the common timer an idle connection waits, and how long a step is at most. */
const STEPS = 8;
const STEP_MS = 500;

/** The property of a socket whose idle time is kept here. */
const WAITING = Symbol('idle');

type Kept = Socket & { [WAITING]?: Waiting };

/** A connection that may be idle; one in the list has `next`. */
interface Waiting {
  readonly times: IdleTimes;
  readonly socket: Socket;
  /** That of the socket, by which other times are limited. */
  readonly setTimeout: Socket['setTimeout'];
  previous: Waiting | null;
  next: Waiting | null;
  /** The step in which it became idle, and what had been read by then. */
  since: number;
  bytesRead: number;
  /** Whether Node's own timer may be set. */
  isTimed: boolean;
}

/**
 * Ends the idle time of kept connections, in place of a timer of Node's for each of them, which is set after every answer
 * and cleared by the next request: that costs a request on a kept connection 3 to 6 %. All wait for the same time, so
 * that one list in the order in which they became idle, and one timer, do. It is over up to a step or two late, never
 * early, and ends as Node's does, by the event `timeout` of the socket.
 */
export class IdleTimes {
  readonly #limitMs: number;
  readonly #stepMs: number;
  readonly #clock: Clock;
  #first: Waiting | null = null;
  #last: Waiting | null = null;
  #step = 0;
  #stop: (() => void) | null = null;

  constructor(limitMs: number, clock: Clock) {
    this.#limitMs = limitMs;
    this.#stepMs = Math.min(limitMs / STEPS, STEP_MS);
    this.#clock = clock;
  }

  /** From now on, the time that Node gives the connection after an answer is kept here. */
  keep(socket: Kept): void {
    if (socket[WAITING] !== undefined) return;
    socket[WAITING] = {
      times: this,
      socket,
      setTimeout: socket.setTimeout,
      previous: null,
      next: null,
      since: -1,
      bytesRead: 0,
      isTimed: true,
    };
    socket.setTimeout = setIdle;
    socket.on('close', leave);
  }

  /** How many are idle; counted on demand. */
  get size(): number {
    let count = 0;
    for (let one = this.#first; one !== null; one = one.next) count++;
    return count;
  }

  /** What setTimeout() of the socket does. */
  set(waiting: Waiting, ms: number, callback: (() => void) | undefined): void {
    const { socket, setTimeout, isTimed } = waiting;
    this.leave(waiting);
    const isOurs = callback === undefined && (ms === this.#limitMs ? isIdle(socket) : ms === 0 && !isTimed);
    if (!isOurs || isTimed) Reflect.apply(setTimeout, socket, isOurs ? [0] : [ms, callback]);
    waiting.isTimed = !isOurs && ms > 0;
    if (!isOurs) return;
    // Of which the types think that only setTimeout() writes it.
    Reflect.set(socket, 'timeout', ms);
    if (ms > 0) this.#enter(waiting);
  }

  leave(waiting: Waiting): void {
    if (waiting.since < 0) return;
    const { previous, next } = waiting;
    if (previous === null) this.#first = next;
    else previous.next = next;
    if (next === null) this.#last = previous;
    else next.previous = previous;
    waiting.previous = null;
    waiting.next = null;
    waiting.since = -1;
  }

  #enter(waiting: Waiting): void {
    const last = this.#last;
    waiting.previous = last;
    waiting.since = this.#step;
    waiting.bytesRead = waiting.socket.bytesRead;
    if (last === null) this.#first = waiting;
    else last.next = waiting;
    this.#last = waiting;
    this.#stop ??= every(this.#clock, this.#stepMs, () => this.#pass());
  }

  #pass(): void {
    this.#step++;
    // One step more: the one in which it began may have been nearly over.
    const due = this.#step - Math.ceil(this.#limitMs / this.#stepMs) - 1;
    for (let first = this.#first; first !== null && first.since <= due; first = this.#first)
      this.#expire(first);
    if (this.#first !== null) return;
    this.#stop?.();
    this.#stop = null;
  }

  #expire(waiting: Waiting): void {
    const { socket } = waiting;
    this.leave(waiting);
    // A part of the next request has come, which makes Node's timer begin again.
    if (socket.bytesRead !== waiting.bytesRead) return this.#enter(waiting);
    // A limit of the server's own that is as long was set when a request came, which is answered now.
    if (isIdle(socket)) return void socket.emit('timeout');
    waiting.isTimed = true;
    Reflect.apply(waiting.setTimeout, socket, [this.#limitMs]);
  }
}

/** Node sets the idle time when the answer has left its connection; what an application limits is under way. */
function isIdle(socket: Socket): boolean {
  return !Reflect.get(socket, '_httpMessage') && !socket.destroyed;
}

/** In place of the socket's own. One function for all of them. */
function setIdle(this: Kept, ms: number, callback?: () => void): Kept {
  const waiting = this[WAITING];
  waiting?.times.set(waiting, ms, callback);
  return this;
}

function leave(this: Kept): void {
  const waiting = this[WAITING];
  if (waiting !== undefined) waiting.times.leave(waiting);
}
