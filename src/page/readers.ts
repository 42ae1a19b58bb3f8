import type { ServerResponse } from 'node:http';

/** How many pages can be open at a time. */
export const MOST_READERS = 50;
/** A reader that has not read for so many seconds is gone. */
const MOST_MISSED = 10;

interface Reader {
  readonly response: ServerResponse;
  missed: number;
}

/** Who has the page open: each message is encoded once, and a reader that does not read costs no memory. */
export class Readers {
  readonly #readers = new Set<Reader>();

  get count(): number {
    return this.#readers.size;
  }

  /** Adds one, which gets `first`; `left` is called when it has gone. */
  add(response: ServerResponse, first: string, left: () => void): void {
    const reader: Reader = { response, missed: 0 };
    this.#readers.add(reader);
    response.on('error', () => {});
    response.once('close', () => {
      this.#readers.delete(reader);
      left();
    });
    response.write(first);
  }

  /** Sends a message to all that have read the one before. */
  send(message: Buffer): void {
    for (const reader of this.#readers) {
      const { response } = reader;
      if (!response.writableNeedDrain) {
        reader.missed = 0;
        response.write(message);
      } else if (++reader.missed > MOST_MISSED) response.destroy();
    }
  }

  close(): void {
    for (const { response } of this.#readers) response.end();
  }
}
