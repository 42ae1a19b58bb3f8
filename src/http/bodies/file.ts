import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fs } from '../../support/builtins.ts';

/** The original functions: an application may replace them later. */
const { open, unlink, write, read, close } = fs;

/** What is read at a time. */
const BLOCK_BYTES = 64 * 1024;

/** Opens a new file and takes its name away; the descriptor may be there although that failed. */
export function openNameless(opened: (error: Error | null, fd: number | null) => void): void {
  const path = join(tmpdir(), `tsunicorn-body-${process.pid}-${crypto.randomUUID()}`);
  open(path, 'wx+', 0o600, (error, fd) => {
    if (error !== null) opened(error, null);
    else unlink(path, (unlinked) => opened(unlinked, fd));
  });
}

/** A file that nobody else can open and that is gone with its descriptor: it is written to its end, and then read. */
export class BodyFile {
  readonly #failed: (error: Error) => void;
  readonly #written: () => void;
  readonly #waiting: Buffer[] = [];
  #fd: number | null = null;
  #at = 0;
  /** Whether something is under way, during which the descriptor must stay. */
  #isAtWork = true;
  #isClosed = false;

  /** `written` is called whenever nothing more has to be written. */
  constructor(failed: (error: Error) => void, written: () => void) {
    this.#failed = failed;
    this.#written = written;
    openNameless((error, fd) => {
      this.#fd = fd;
      this.#done(error);
    });
  }

  get isBusy(): boolean {
    return this.#isAtWork;
  }

  /** Also when it was read to its end. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  append(block: Buffer): void {
    this.#waiting.push(block);
    if (!this.#isAtWork) this.#writeNext();
  }

  /**
   * Reads parts and gives them to `pass`, null at the end, until that returns false. Node's requests do not ask for more
   * by themselves before their own `_read` was called.
   */
  next(pass: (part: Buffer | null) => boolean): void {
    if (this.#isAtWork || this.#isClosed || this.#fd === null) return;
    this.#isAtWork = true;
    const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    read(this.#fd, block, 0, block.length, this.#at, (error, bytes) => {
      this.#isAtWork = false;
      this.#at += bytes;
      if (this.#isClosed) return this.#release();
      if (error !== null) return this.#failed(error);
      if (bytes === 0) this.close();
      if (pass(bytes === 0 ? null : block.subarray(0, bytes))) this.next(pass);
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (!this.#isAtWork) this.#release();
  }

  #writeNext(): void {
    const block = this.#waiting.shift();
    if (block === undefined || this.#fd === null) return;
    this.#isAtWork = true;
    this.#write(this.#fd, block);
  }

  #write(fd: number, block: Buffer): void {
    write(fd, block, 0, block.length, null, (error, bytes) => {
      // A part of it, as on a disk that is about to be full.
      if (error === null && bytes < block.length) this.#write(fd, block.subarray(bytes));
      else this.#done(error);
    });
  }

  #done(error: Error | null): void {
    this.#isAtWork = false;
    if (this.#isClosed) return this.#release();
    if (error !== null) return this.#failed(error);
    if (this.#waiting.length > 0) this.#writeNext();
    else this.#written();
  }

  #release(): void {
    const fd = this.#fd;
    this.#fd = null;
    this.#waiting.length = 0;
    if (fd !== null) close(fd, () => {});
  }
}
