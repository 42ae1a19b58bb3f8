import type { ServerResponse } from 'node:http';

const { AsyncLocalStorage } = process.getBuiltinModule('node:async_hooks');

/** One request that has arrived whole and waits for its turn, or has it. */
interface Turn {
  readonly response: ServerResponse;
  readonly run: () => void;
}

/** Lets one request at a time through, in the order of arrival. */
export class Turnstile {
  readonly #changed: () => void;
  readonly #waiting: Turn[] = [];
  #current: Turn | null = null;

  /** `changed` is called whenever a turn has begun or ended. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get isFree(): boolean {
    return this.#current === null;
  }

  /** The answer whose turn it is. */
  get current(): ServerResponse | null {
    return this.#current?.response ?? null;
  }

  /** Calls `run` when it is this request's turn, at once if none has it; not at all if its client has gone by then. */
  enter(response: ServerResponse, run: () => void): void {
    if (isOver(response)) return;
    if (this.#current === null) this.#begin({ response, run });
    // In its own context, and not in that of the request whose end it waits for.
    else this.#waiting.push({ response, run: AsyncLocalStorage.bind(run) });
  }

  /** Takes everything that waits, in order, for somebody else to answer. */
  empty(): readonly ServerResponse[] {
    return this.#waiting.splice(0).map(({ response }) => response);
  }

  #begin(turn: Turn): void {
    this.#current = turn;
    const end = () => this.#end(turn);
    // Not within the application's own call: the next request would run inside the stack of this one. And what has come
    // meanwhile is looked at before the next one: heartbeats, signals, clients that have gone.
    onceEnded(turn.response, end, () =>
      this.#waiting.length > 0 ? setImmediate(end) : process.nextTick(end),
    );
    this.#changed();
    turn.run();
  }

  #end(turn: Turn): void {
    if (this.#current !== turn) return;
    this.#current = null;
    const next = this.#nextAlive();
    if (next) this.#begin(next);
    else this.#changed();
  }

  #nextAlive(): Turn | undefined {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift())
      if (!isOver(next.response)) return next;
    return undefined;
  }
}

/** Whether nobody waits for an answer: the client has gone, or has got another's (504). */
function isOver(response: ServerResponse): boolean {
  return response.closed || response.writableEnded;
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
