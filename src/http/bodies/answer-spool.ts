import type { ServerResponse } from 'node:http';
import { SpoolFile } from './spool-file.ts';
import type { BodyStore } from './store.ts';

/** What of one answer is kept in memory, and what in a file. */
const MEMORY_BYTES = 256 * 1024;
const FILE_BYTES = 64 * 1024 ** 2;
/** So much may wait to be written to a file, which may be slower than who writes the answer. */
const UNWRITTEN_BYTES = 1024 ** 2;

/**
 * Keeps what a client has yet to take of an answer, in memory and then in a file, so that whoever writes the answer need
 * not wait for the client.
 */
export class AnswerSpool {
  readonly #response: ServerResponse;
  readonly #store: BodyStore;
  readonly #write: (part: Buffer | string) => boolean;
  /** In the order in which they are sent: what is in memory, in the file, and what found no room. */
  readonly #memory: Buffer[] = [];
  #file: SpoolFile | null = null;
  readonly #beyond: Buffer[] = [];
  #memoryBytes = 0;
  #fileBytes = 0;
  #state: 'direct' | 'behind' | 'over' = 'direct';
  #whenRoom: (() => void) | null = null;
  #whenSent: (() => void) | null = null;

  /** `write` sends a part, as the response does by itself. */
  constructor(
    response: ServerResponse,
    store: BodyStore,
    write: (part: Buffer | string) => boolean = (part) => response.write(part),
  ) {
    this.#response = response;
    this.#store = store;
    this.#write = write;
    response.once('close', () => this.#close());
  }

  /** Sends a part or keeps it. False where no more is to come before `hasRoom` is called. */
  write(data: Buffer | string, hasRoom: () => void): boolean {
    if (this.#state === 'over') return true;
    if (this.#state === 'direct') {
      if (!this.#write(data)) this.waitForClient();
      return true;
    }
    this.#keep(typeof data === 'string' ? Buffer.from(data) : data);
    if (this.#beyond.length === 0 && (this.#file?.unwritten ?? 0) < UNWRITTEN_BYTES) return true;
    this.#whenRoom = hasRoom;
    return false;
  }

  /** Calls `send`, which ends the answer, behind everything that was written. */
  end(send: () => void): void {
    if (this.#state === 'direct') send();
    else this.#whenSent = send;
  }

  /** To be called where the client has not taken what was sent. */
  waitForClient(): void {
    this.#state = 'behind';
    this.#response.once('drain', () => {
      // It may be for others, who are told that there is room here.
      if (this.#response.writableNeedDrain) this.waitForClient();
      else this.#sendKept();
    });
  }

  #keep(part: Buffer): void {
    if (this.#beyond.length > 0) this.#beyond.push(part);
    else if (this.#file === null && this.#staysInMemory(part)) this.#memory.push(part);
    else if (this.#fitsFile(part)) this.#openFile().append(part);
    else this.#beyond.push(part);
  }

  #staysInMemory({ length }: Buffer): boolean {
    if (this.#memoryBytes + length > MEMORY_BYTES || !this.#store.memory.take(length)) return false;
    this.#memoryBytes += length;
    return true;
  }

  #fitsFile({ length }: Buffer): boolean {
    if (this.#file?.isBroken || this.#fileBytes + length > FILE_BYTES) return false;
    if (!this.#store.takeForAnswer(length)) return false;
    this.#fileBytes += length;
    return true;
  }

  #openFile(): SpoolFile {
    this.#file ??= new SpoolFile({
      written: () => {
        if (this.#beyond.length === 0) this.#tellRoom();
      },
      lost: (error) => {
        this.#store.trouble.note(this.#response.req, 'answer', this.#fileBytes, error);
        this.#response.destroy(error);
      },
      broken: (error) => this.#store.trouble.note(this.#response.req, 'answer', this.#fileBytes, error),
    });
    return this.#file;
  }

  /** The client takes more. */
  #sendKept(): void {
    while (this.#state === 'behind') {
      const part = this.#nextInMemory();
      if (part === null && this.#file !== null)
        return this.#file.read((read) => {
          if (this.#state === 'behind' && this.#send(read)) this.#sendKept();
        });
      if (part === null) return this.#caughtUp();
      if (!this.#send(part)) return;
    }
  }

  /** Null where the next part is in the file, or there is none. */
  #nextInMemory(): Buffer | null {
    const first = this.#memory.shift();
    if (first !== undefined) {
      this.#memoryBytes -= first.length;
      this.#store.memory.give(first.length);
      return first;
    }
    if (this.#file !== null && this.#file.unread > 0) return null;
    this.#closeFile();
    return this.#beyond.shift() ?? null;
  }

  /** Whether the client takes more still. */
  #send(part: Buffer): boolean {
    const takesMore = this.#write(part);
    if (!takesMore) this.waitForClient();
    if (this.#beyond.length === 0) this.#tellRoom();
    return takesMore;
  }

  #caughtUp(): void {
    this.#state = 'direct';
    this.#tellRoom();
    this.#whenSent?.();
  }

  #tellRoom(): void {
    const tell = this.#whenRoom;
    this.#whenRoom = null;
    tell?.();
  }

  #closeFile(): void {
    this.#file?.close();
    this.#file = null;
    this.#store.giveForAnswer(this.#fileBytes);
    this.#fileBytes = 0;
  }

  #close(): void {
    this.#state = 'over';
    this.#store.memory.give(this.#memoryBytes);
    this.#memoryBytes = 0;
    this.#memory.length = 0;
    this.#beyond.length = 0;
    this.#closeFile();
  }
}
