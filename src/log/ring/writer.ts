import { fs } from '../../support/builtins.ts';
import { CAPACITY, HEADER_BYTES, partsOf } from './layout.ts';

/** Writes lines to a ring, which its reader can read though this process hangs or has died. No call throws. */
export class RingWriter {
  readonly #fd: number;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #end = 0;
  #count = 0;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Lines without their ends. */
  write(lines: readonly string[]): void {
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    if (bytes.length > CAPACITY) return this.lose(lines.length);
    const end = this.#end + bytes.length;
    this.#count += lines.length;
    // First that it begins, as the oldest lines are gone from then on.
    this.#mark(end, this.#end);
    let written = 0;
    for (const { at, length } of partsOf(this.#end, end)) {
      this.#put(bytes.subarray(written, written + length), at);
      written += length;
    }
    this.#end = end;
    this.#mark(end, end);
  }

  /** So many lines were left out. */
  lose(count: number): void {
    this.#count += count;
    this.#mark(this.#end, this.#end);
  }

  #mark(begun: number, end: number): void {
    this.#header.writeDoubleLE(begun, 0);
    this.#header.writeDoubleLE(end, 8);
    this.#header.writeDoubleLE(this.#count, 16);
    this.#put(this.#header, 0);
  }

  #put(bytes: Buffer, position: number): void {
    try {
      fs.writeSync(this.#fd, bytes, 0, bytes.length, position);
    } catch {
      // ENOSPC, where others have filled /dev/shm, or the application has closed the descriptor.
    }
  }
}
