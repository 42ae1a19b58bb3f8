import type { Blocked, BlockSeen, Unblocked } from '../../src/process/ipc.ts';

/** While it lasts, it is said so often. */
const AGAIN_MS = 1000;
/** While it lasts, it is looked so often. */
const CHECK_EVERY_MS = 500;
const LEAST_MS = 20;

export interface BlockWatchOptions {
  /** Infinity where nothing is to be said. */
  readonly warnMs: number;
  /** Sees what the loop does, once; resolves soon after `signal` aborts, and never rejects. */
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

/** Tells of an event loop that is blocked for a while, looking at it once, and that it turns again. */
export class BlockWatch {
  readonly #options: BlockWatchOptions;
  #state: State = { name: 'calm' };
  #silentMs = 0;

  constructor(options: BlockWatchOptions) {
    this.#options = options;
  }

  /** How long until it wishes to look, where the loop has been silent for so long. */
  untilDue(silentMs: number): number {
    const { warnMs } = this.#options;
    return this.#state.name === 'calm' ? Math.max(LEAST_MS, warnMs - silentMs) : CHECK_EVERY_MS;
  }

  /** To be called after each look at the loop's silence; `endedMs` is how long one lasted that has ended since the last look. */
  check(silentMs: number, endedMs: number | null): void {
    if (endedMs !== null) this.#turns(endedMs);
    this.#silentMs = silentMs;
    if (silentMs < this.#options.warnMs) return;
    if (this.#state.name === 'calm') this.#begin();
    else if (this.#state.name === 'said' && silentMs - this.#state.saidMs >= AGAIN_MS) this.#say(null);
  }

  /** Somebody else takes care of the loop: resolves when nothing of ours touches it any more. */
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
    // First it is said that it was blocked.
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
