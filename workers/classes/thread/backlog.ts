import type { ServerResponse } from 'node:http';
import type { Share } from '../../../src/http/bodies/store.ts';
import { markOf } from '../../../src/http/pace.ts';

/** What of one answer is taken from its thread before its client takes it. */
const ANSWER_BYTES = 1024 ** 2;
/** What of all answers of a worker together. */
export const ALL_BYTES = 64 * 1024 ** 2;
/** A client that has not taken all of that after this is slow: its thread need not wait for it. */
const SLOW_MS = 100;

export interface BacklogOptions {
  readonly response: ServerResponse;
  /** The room that the backlogs of all answers share. */
  readonly room: Share;
  /** Called when the client has taken everything. */
  readonly drained: () => void;
  /** Called when it has been full for a while. */
  readonly slow: () => void;
}

/** What of an answer waits in the main thread for its client. */
export class Backlog {
  readonly #options: BacklogOptions;
  #kept = 0;
  #state: 'empty' | 'ahead' | 'full' | 'over' = 'empty';
  #mark = '';
  #timer: NodeJS.Timeout | null = null;

  constructor(options: BacklogOptions) {
    this.#options = options;
    options.response.once('close', () => this.#empty('over'));
  }

  /** Whether nothing more is to be taken from the thread before the client goes on. */
  get isFull(): boolean {
    return this.#state === 'full';
  }

  /** So many bytes were written that the client has not taken at once. */
  add(bytes: number): void {
    const { response, room, slow } = this.#options;
    if (this.#state === 'empty') {
      this.#state = 'ahead';
      response.once('drain', () => this.#drained());
    }
    // Nothing would give back what is taken for a response that has closed.
    if (this.#state === 'full' || this.#state === 'over') return;
    if (this.#kept + bytes <= ANSWER_BYTES && room.take(bytes)) this.#kept += bytes;
    else {
      this.#state = 'full';
      this.#timer = setTimeout(slow, SLOW_MS).unref();
    }
  }

  /** Whether the client has taken anything since the last look. */
  hasMoved(): boolean {
    if (this.#state === 'empty' || this.#state === 'over') return false;
    const mark = markOf(this.#options.response.req.socket);
    if (mark === this.#mark) return false;
    this.#mark = mark;
    return true;
  }

  #drained(): void {
    this.#empty('empty');
    this.#options.drained();
  }

  #empty(state: 'empty' | 'over'): void {
    this.#options.room.give(this.#kept);
    this.#kept = 0;
    this.#state = state;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
