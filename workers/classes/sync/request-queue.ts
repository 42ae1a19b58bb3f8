import type { ServerResponse } from 'node:http';
import type { Flight } from '../../../src/http/flight.ts';
import { endGone, hasGone } from '../../../src/http/gone.ts';
import type { Clock } from '../../../src/support/clock.ts';

const { AsyncLocalStorage } = process.getBuiltinModule('node:async_hooks');

/** If turns last longer than this on average, a poll of the sockets before each costs less than a hundredth of it. */
const WORTH_A_POLL_MS = 0.5;
/** The weight of the latest turn in the mean. */
const SHARE_OF_LAST = 1 / 8;

/** One request that has arrived whole and waits for its turn, or has it. */
interface Turn {
  readonly response: ServerResponse;
  readonly run: () => void;
}

type State =
  | { readonly name: 'free' }
  /** The sockets are being polled, to see whether the client of the next request is still there. */
  | { readonly name: 'checking' }
  | { readonly name: 'taken'; readonly turn: Turn; readonly beganMs: number };

const FREE: State = { name: 'free' };
const CHECKING: State = { name: 'checking' };

/** Runs one request at a time, in the order of arrival, and none whose client has gone. */
export class RequestQueue {
  readonly #changed: () => void;
  readonly #clock: Clock;
  readonly #waiting: Turn[] = [];
  #state: State = FREE;
  /** The moving average of how long turns last. */
  #meanMs = 0;

  /** `changed` is called whenever a turn has begun or ended. */
  constructor(changed: () => void, clock: Clock) {
    this.#changed = changed;
    this.#clock = clock;
  }

  get isFree(): boolean {
    return this.#state.name === 'free';
  }

  /** Whether a request that enters now runs within the call. */
  get runsAtOnce(): boolean {
    return this.isFree && this.#meanMs < WORTH_A_POLL_MS;
  }

  /** The request whose turn it is, with when its turn began; null if there is none, or its answer has ended. */
  get current(): Flight | null {
    if (this.#state.name !== 'taken') return null;
    const { turn, beganMs } = this.#state;
    return isOver(turn.response) ? null : { response: turn.response, sinceMs: beganMs };
  }

  /** Calls `run` when it is this request's turn; not at all if its client has gone by then. */
  enter(response: ServerResponse, run: () => void): void {
    if (isOver(response)) return endGone(response);
    if (this.runsAtOnce) return this.#begin({ response, run });
    // In its own async context, not in that of the request that it waits for.
    const turn = { response, run: AsyncLocalStorage.bind(run) };
    if (this.isFree) this.#check(turn);
    else this.#waiting.push(turn);
  }

  /** Removes and returns everything that waits, in order, for the caller to answer. */
  empty(): readonly ServerResponse[] {
    return this.#waiting.splice(0).map(({ response }) => response);
  }

  /** The request may have waited long in the kernel's queue. If its client has gone, the next poll shows it. */
  #check(turn: Turn): void {
    this.#state = CHECKING;
    this.#changed();
    afterPoll(() => this.#next(turn));
  }

  #begin(turn: Turn): void {
    this.#state = { name: 'taken', turn, beganMs: this.#clock.now() };
    const end = () => this.#end(turn);
    // Not within the application's own call, where the next request would run on the stack of this one. If others wait, the
    // event loop first handles what has come meanwhile: heartbeats, signals, clients that have gone.
    onceEnded(turn.response, end, () => (this.#waiting.length > 0 ? afterPoll(end) : process.nextTick(end)));
    this.#changed();
    turn.run();
  }

  #end(turn: Turn): void {
    const state = this.#state;
    if (state.name !== 'taken' || state.turn !== turn) return;
    this.#meanMs += (this.#clock.now() - state.beganMs - this.#meanMs) * SHARE_OF_LAST;
    this.#next(this.#waiting.shift());
  }

  #next(first: Turn | undefined): void {
    for (let next = first; next; next = this.#waiting.shift()) {
      if (!isOver(next.response)) return this.#begin(next);
      endGone(next.response);
    }
    this.#state = FREE;
    this.#changed();
  }
}

/** Whether the client waits no more: it has gone, or has got an answer of ours (504). */
function isOver(response: ServerResponse): boolean {
  return response.writableEnded || hasGone(response);
}

/** Calls `act` after two turns of setImmediate: between them the event loop polls its sockets, in whatever phase it was. */
function afterPoll(act: () => void): void {
  setImmediate(() => setImmediate(act));
}

/**
 * Calls `gone` when the connection has closed, and `answered` within the application's call of end(). It does not wait
 * for `finish`, so that a client that reads slowly does not hold the turn. It sets an own property, since frameworks
 * replace the prototype of the response.
 */
function onceEnded(response: ServerResponse, gone: () => void, answered: () => void): void {
  const { end } = response;
  const ended = function (this: ServerResponse, ...args: unknown[]) {
    const returned = Reflect.apply(end, this, args);
    answered();
    return returned;
  } as ServerResponse['end'];
  // By a name: V8 allocates a function that is written where it is assigned to a property in its old space at once. There
  // it keeps the response alive until the next full collection.
  response.end = ended;
  response.once('close', gone);
}
