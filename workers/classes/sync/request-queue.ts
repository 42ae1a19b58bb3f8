import type { ServerResponse } from 'node:http';
import type { Flight } from '../../../src/http/flight.ts';
import { hasGone } from '../../../src/http/gone.ts';
import type { Clock } from '../../../src/support/clock.ts';

const { AsyncLocalStorage } = process.getBuiltinModule('node:async_hooks');

/** Where a turn mostly lasts longer than this, a look at the sockets before it costs less than a hundredth of it. */
const WORTH_A_POLL_MS = 0.5;
/** How much of the mean each turn counts. */
const SHARE_OF_LAST = 1 / 8;

/** One request that has arrived whole and waits for its turn, or has it. */
interface Turn {
  readonly response: ServerResponse;
  readonly run: () => void;
}

type State =
  | { readonly name: 'free' }
  /** Whether the client of the next request is still there is about to be known. */
  | { readonly name: 'checking' }
  | { readonly name: 'taken'; readonly turn: Turn; readonly beganMs: number };

const FREE: State = { name: 'free' };
const CHECKING: State = { name: 'checking' };

/** Lets one request at a time through, in the order of arrival, and none whose client has gone. */
export class RequestQueue {
  readonly #changed: () => void;
  readonly #clock: Clock;
  readonly #waiting: Turn[] = [];
  #state: State = FREE;
  /** How long turns last, the latest of them above all. */
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

  /** The request whose turn it is, since that began; null where there is none, or its answer has ended. */
  get current(): Flight | null {
    if (this.#state.name !== 'taken') return null;
    const { turn, beganMs } = this.#state;
    return isOver(turn.response) ? null : { response: turn.response, sinceMs: beganMs };
  }

  /** Calls `run` when it is this request's turn; not at all if its client has gone by then. */
  enter(response: ServerResponse, run: () => void): void {
    if (isOver(response)) return;
    if (this.runsAtOnce) return this.#begin({ response, run });
    // In its own context, and not in that of the request whose end it waits for.
    const turn = { response, run: AsyncLocalStorage.bind(run) };
    if (this.isFree) this.#check(turn);
    else this.#waiting.push(turn);
  }

  /** Takes everything that waits, in order, for somebody else to answer. */
  empty(): readonly ServerResponse[] {
    return this.#waiting.splice(0).map(({ response }) => response);
  }

  /** It may have come long ago and waited in the kernel's queue: its client's end is read in the next poll. */
  #check(turn: Turn): void {
    this.#state = CHECKING;
    this.#changed();
    afterPoll(() => this.#next(turn));
  }

  #begin(turn: Turn): void {
    this.#state = { name: 'taken', turn, beganMs: this.#clock.now() };
    const end = () => this.#end(turn);
    // Not within the application's own call: the next request would run inside the stack of this one. And what has come
    // meanwhile is looked at before the next one: heartbeats, signals, clients that have gone.
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
    for (let next = first; next; next = this.#waiting.shift())
      if (!isOver(next.response)) return this.#begin(next);
    this.#state = FREE;
    this.#changed();
  }
}

/** Whether nobody waits for an answer: the client has gone, or has got another's (504). */
function isOver(response: ServerResponse): boolean {
  return response.writableEnded || hasGone(response);
}

/** Two turns of setImmediate, between which the event loop looks at its sockets whatever it was at before. */
function afterPoll(act: () => void): void {
  setImmediate(() => setImmediate(act));
}

/**
 * Calls `gone` when the connection has gone, and `answered` when the application has ended its answer, within its call.
 * Not at `finish`: a client that reads slowly would hold the turn. An own property, as frameworks replace the prototype
 * of the response.
 */
function onceEnded(response: ServerResponse, gone: () => void, answered: () => void): void {
  const { end } = response;
  const ended = function (this: ServerResponse, ...args: unknown[]) {
    const returned = Reflect.apply(end, this, args);
    answered();
    return returned;
  } as ServerResponse['end'];
  // By a name: V8 puts a function that is written where it is assigned to a property into its old space at once, where
  // it keeps the response alive, dead or not, until the next full collection.
  response.end = ended;
  response.once('close', gone);
}
