import { fs } from '../../support/builtins.ts';
import { openNameless } from './file.ts';

/** The original functions: an application may replace them later. */
const { write, read, close } = fs;

/** What is read at a time. */
const BLOCK_BYTES = 64 * 1024;

export interface SpoolFileOptions {
  /** Everything that was appended is in the file. */
  readonly written: () => void;
  /** What was written can no longer be read. */
  readonly lost: (error: Error) => void;
  /** Nothing more can be written; what is appended nevertheless stays in memory. */
  readonly broken: (error: Error) => void;
}

/** A nameless file that is written at its end and read from its beginning at the same time. */
export class SpoolFile {
  readonly #options: SpoolFileOptions;
  /** What comes behind what is in the file. */
  readonly #waiting: Buffer[] = [];
  #fd: number | null = null;
  #size = 0;
  #at = 0;
  #unread = 0;
  /** What of that is still in memory. */
  #unwritten = 0;
  #reader: ((part: Buffer) => void) | null = null;
  /** Whether something is under way, during which the descriptor must stay. */
  #isAtWork = true;
  #isBroken = false;
  #isClosed = false;

  constructor(options: SpoolFileOptions) {
    this.#options = options;
    openNameless((error, fd) => {
      this.#fd = fd;
      this.#wrote(error);
    });
  }

  /** How many bytes were appended and not read. */
  get unread(): number {
    return this.#unread;
  }

  /** How many bytes of those are still in memory. */
  get unwritten(): number {
    return this.#unwritten;
  }

  get isBroken(): boolean {
    return this.#isBroken;
  }

  append(block: Buffer): void {
    this.#unread += block.length;
    this.#unwritten += block.length;
    this.#waiting.push(block);
    this.#goOn();
  }

  /** Gives `pass` the next part, of which there must be one. */
  read(pass: (part: Buffer) => void): void {
    this.#reader = pass;
    this.#goOn();
  }

  close(): void {
    this.#isClosed = true;
    this.#reader = null;
    this.#waiting.length = 0;
    if (!this.#isAtWork) this.#release();
  }

  #goOn(): void {
    if (this.#isAtWork || this.#isClosed) return;
    const block = this.#waiting[0];
    if (this.#reader !== null && this.#at < this.#size) return this.#readPart();
    if (block === undefined) return;
    if (this.#reader !== null) {
      this.#waiting.shift();
      this.#unwritten -= block.length;
      this.#give(block);
    } else if (!this.#isBroken) this.#writePart(block);
  }

  #readPart(): void {
    if (this.#fd === null) return;
    this.#isAtWork = true;
    const block = Buffer.allocUnsafeSlow(Math.min(BLOCK_BYTES, this.#size - this.#at));
    read(this.#fd, block, 0, block.length, this.#at, (error, bytes) => {
      this.#isAtWork = false;
      if (this.#isClosed) return this.#release();
      if (error !== null || bytes === 0) return this.#options.lost(error ?? new Error('the file is shorter'));
      this.#at += bytes;
      this.#give(block.subarray(0, bytes));
    });
  }

  #give(part: Buffer): void {
    const pass = this.#reader;
    this.#reader = null;
    this.#unread -= part.length;
    pass?.(part);
    this.#goOn();
  }

  #writePart(block: Buffer): void {
    if (this.#fd === null) return;
    this.#isAtWork = true;
    write(this.#fd, block, 0, block.length, this.#size, (error, bytes) => {
      if (error === null) {
        this.#size += bytes;
        this.#unwritten -= bytes;
        // A part of it, as on a disk that is about to be full.
        if (bytes < block.length) this.#waiting[0] = block.subarray(bytes);
        else this.#waiting.shift();
      }
      this.#wrote(error);
    });
  }

  #wrote(error: Error | null): void {
    this.#isAtWork = false;
    if (this.#isClosed) return this.#release();
    if (error !== null) {
      this.#isBroken = true;
      this.#options.broken(error);
    } else if (this.#unwritten === 0) this.#options.written();
    this.#goOn();
  }

  #release(): void {
    const fd = this.#fd;
    this.#fd = null;
    if (fd !== null) close(fd, () => {});
  }
}
