import type { Blocked, BlockSeen, Unblocked } from '../../src/process/ipc/blocks.ts';

/** How often a blocked loop is reported again. */
const AGAIN_MS = 1000;
/** How often a blocked loop is checked. */
const CHECK_EVERY_MS = 500;
const LEAST_MS = 20;

export interface BlockWatchOptions {
  /** From when on a blocked loop is reported; Infinity for never. */
  readonly warnMs: number;
  /** Finds out once what the loop does; resolves soon after `signal` aborts, and never rejects. */
  readonly see: (signal: AbortSignal) => Promise<BlockSeen>;
  readonly say: (message: Blocked | Unblocked) => void;
}

type State =
  | { readonly name: 'calm' }
  | {
      readonly name: 'inspecting';
      readonly stop: AbortController;
      readonly done: Promise<void>;
      endedMs: number | null;
    }
  | { readonly name: 'said'; readonly saidMs: number };

/** Reports an event loop that is blocked for a while, with what it was doing, and that it runs again. */
export class BlockWatch {
  readonly #options: BlockWatchOptions;
  #state: State = { name: 'calm' };
  #silentMs = 0;

  constructor(options: BlockWatchOptions) {
    this.#options = options;
  }

  /** How long until the next check is due, if the loop has been silent for this long. */
  untilDue(silentMs: number): number {
    const { warnMs } = this.#options;
    return this.#state.name === 'calm' ? Math.max(LEAST_MS, warnMs - silentMs) : CHECK_EVERY_MS;
  }

  /** To be called after each check of the loop's silence; `endedMs` is how long a silence lasted that has ended since the last check. */
  check(silentMs: number, endedMs: number | null): void {
    if (endedMs !== null) this.#turns(endedMs);
    this.#silentMs = silentMs;
    if (silentMs < this.#options.warnMs) return;
    if (this.#state.name === 'calm') this.#begin();
    else if (this.#state.name === 'said' && silentMs - this.#state.saidMs >= AGAIN_MS) this.#say(null);
  }

  /** Resolves when nothing here touches the loop any more, so that the caller can. */
  async leave(): Promise<void> {
    if (this.#state.name !== 'inspecting') return;
    this.#state.stop.abort();
    await this.#state.done;
  }

  #begin(): void {
    const stop = new AbortController();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#state = { name: 'inspecting', stop, done: promise, endedMs: null };
    void this.#see(stop.signal).then(resolve);
  }

  async #see(signal: AbortSignal): Promise<void> {
    const seen = await this.#options.see(signal);
    const endedMs = this.#state.name === 'inspecting' ? this.#state.endedMs : null;
    this.#say(seen);
    if (endedMs !== null) this.#turns(endedMs);
  }

  #turns(endedMs: number): void {
    const state = this.#state;
    if (state.name === 'calm') return;
    // That it was blocked is reported first.
    if (state.name === 'inspecting') {
      state.endedMs ??= endedMs;
      return state.stop.abort();
    }
    this.#state = { name: 'calm' };
    this.#options.say({ tsunicorn: 'unblocked', blockedMs: endedMs });
  }

  #say(seen: BlockSeen | null): void {
    this.#state = { name: 'said', saidMs: this.#silentMs };
    this.#options.say({ tsunicorn: 'blocked', blockedMs: this.#silentMs, seen });
  }
}
