import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Share } from '../../../src/http/bodies/store.ts';

/** What a handler may write of one answer before its client takes it. */
const ANSWER_BYTES = 1024 ** 2;
/** What of all answers of a worker may wait for clients like that. */
const ALL_BYTES = 64 * 1024 ** 2;

/** What the types of a socket leave out: its own mark, which is also where Node reads it. */
interface Internals {
  readonly _writableState?: { highWaterMark: number };
}

/**
 * Lets a handler write more than the usual 64 KB before it has to wait for its client, by the mark up to which the socket
 * says that there is room: whoever heeds that, such as a pipe, has then done with an answer of this length at once.
 */
export class WriteAhead {
  readonly #room: Share;

  constructor(bytes = ALL_BYTES) {
    this.#room = new Share(bytes);
  }

  /** To be called before the handler of the request, which is the only one that runs. */
  begin({ socket }: ServerResponse): void {
    const state = (socket as (Socket & Internals) | null)?._writableState;
    if (state === undefined || !this.#room.take(ANSWER_BYTES)) return;
    this.#room.give(ANSWER_BYTES);
    state.highWaterMark = Math.max(state.highWaterMark, ANSWER_BYTES);
  }

  /** To be called when the handler has ended the answer. */
  end(response: ServerResponse): void {
    // More than that is there only where the handler has not asked whether there is room.
    const bytes = Math.min(response.writableLength, ANSWER_BYTES);
    if (bytes === 0 || response.closed || !this.#room.take(bytes)) return;
    response.once('close', () => this.#room.give(bytes));
  }
}
