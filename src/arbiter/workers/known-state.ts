import type { Ending, MemorySeen } from '../../process/ipc/messages.ts';

/** Memory that was measured `ageMs` before the end. */
export interface KnownMemory {
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** Null where Node decides. */
  readonly heapLimitBytes: number | null;
  readonly ageMs: number;
}

/** What is known of a worker that has ended. */
export interface Known {
  readonly memory: KnownMemory | null;
  readonly ending: Ending | null;
}

/** What a worker and its watchdog have reported that may explain its end. */
export class KnownState {
  #memory: Omit<KnownMemory, 'ageMs'> | null = null;
  #seenMs = 0;
  #ending: Known['ending'] = null;
  #isDrained = false;

  /** Whether it is held and has finished what it accepted. */
  get isDrained(): boolean {
    return this.#isDrained;
  }

  noteDrained(): void {
    this.#isDrained = true;
  }

  noteMemory({ rssBytes, heapBytes, heapLimitBytes }: MemorySeen, nowMs: number): void {
    this.#memory = { rssBytes, heapBytes, heapLimitBytes };
    this.#seenMs = nowMs;
  }

  noteEnding(ending: Ending): void {
    this.#ending = ending;
  }

  /** For the record of its end. */
  at(nowMs: number): Known {
    const ageMs = Math.round(nowMs - this.#seenMs);
    return { memory: this.#memory && { ...this.#memory, ageMs }, ending: this.#ending };
  }
}
