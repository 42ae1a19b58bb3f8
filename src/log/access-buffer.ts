/** What is gathered at most. Reached only where requests that end wait to be told of; then it is written all the same. */
const BUFFER_BYTES = 256 * 1024;
const HEADER_BYTES = 64;
/** How long the lock is waited for: who has it writes, mostly microseconds. */
const LOCK_MS = 200;
const NEWLINE = 10;

// The header, in 32-bit numbers.
const LOCK = 0;
const HEAD = 1;
const TAIL = 2;
const FD = 3;
/** The position at which the room begins. Positions only ever grow, by 32-bit arithmetic: an old one never means new lines. */
const BASE = 4;

/**
 * Lines of the access log that are not written yet, in memory that two threads share: the main thread appends, either
 * takes what is there. Where the main thread is blocked, or about to be killed, the other one writes them.
 */
export class AccessBuffer {
  readonly shared: SharedArrayBuffer;
  readonly #ints: Int32Array;
  readonly #bytes: Buffer;

  constructor(shared = new SharedArrayBuffer(HEADER_BYTES + BUFFER_BYTES)) {
    this.shared = shared;
    this.#ints = new Int32Array(shared, 0, HEADER_BYTES / 4);
    this.#bytes = Buffer.from(shared, HEADER_BYTES);
  }

  /** The descriptor that lines may be written to by another thread; null where there is none, or where it is to write nothing. */
  get fd(): number | null {
    const fd = Atomics.load(this.#ints, FD) - 1;
    return fd < 0 ? null : fd;
  }

  set fd(fd: number | null) {
    Atomics.store(this.#ints, FD, fd === null ? 0 : fd + 1);
  }

  /** The end of what was appended, to be given to `take` later. */
  get end(): number {
    return Atomics.load(this.#ints, HEAD);
  }

  get length(): number {
    return (Atomics.load(this.#ints, HEAD) - Atomics.load(this.#ints, TAIL)) | 0;
  }

  /** The main thread's: takes an ASCII line with its newline; false where there is no room. */
  append(line: string): boolean {
    const ints = this.#ints;
    const head = ints[HEAD] ?? 0;
    const offset = (head - (ints[BASE] ?? 0)) | 0;
    if (offset + line.length > BUFFER_BYTES) return false;
    this.#bytes.write(line, offset, line.length, 'latin1');
    Atomics.store(ints, HEAD, head + line.length);
    return true;
  }

  /**
   * Gives what lies before `end` to `write`, in pieces of whole lines of at most `pieceBytes`, until one is refused.
   * False where the other thread has the lines.
   */
  take(pieceBytes: number, write: (piece: Buffer) => boolean, end = this.end): boolean {
    if (!this.#lock()) return false;
    this.takeSealed(pieceBytes, write, end);
    this.unlock();
    return true;
  }

  /** The main thread's: where all is taken, the room is used again. */
  compact(): void {
    const { end } = this;
    if (this.length > 0 || Atomics.load(this.#ints, BASE) === end || !this.#lock()) return;
    if (this.length === 0) Atomics.store(this.#ints, BASE, end);
    this.unlock();
  }

  /** Keeps the other thread from taking anything while `act` runs; not run where that thread has the lines. */
  exclusively(act: () => void): void {
    if (!this.#lock()) return;
    try {
      act();
    } finally {
      this.unlock();
    }
  }

  /** The other thread's: keeps the lines for good, as the process is about to be killed. False where they cannot be had. */
  seal(): boolean {
    return this.#lock();
  }

  /** As `take`, for who has sealed them. */
  takeSealed(pieceBytes: number, write: (piece: Buffer) => boolean, end = this.end): void {
    const tail = Atomics.load(this.#ints, TAIL);
    const left = (end - tail) | 0;
    if (left <= 0) return;
    const from = (tail - Atomics.load(this.#ints, BASE)) | 0;
    const lines = this.#bytes.subarray(from, from + left);
    let at = 0;
    while (at < left) {
      const length = pieceOf(lines.subarray(at), pieceBytes);
      if (!write(lines.subarray(at, at + length))) break;
      at += length;
    }
    Atomics.store(this.#ints, TAIL, tail + at);
  }

  unlock(): void {
    Atomics.store(this.#ints, LOCK, 0);
    Atomics.notify(this.#ints, LOCK);
  }

  #lock(): boolean {
    for (let tries = 0; Atomics.compareExchange(this.#ints, LOCK, 0, 1) !== 0; tries++)
      if (tries > 0 || Atomics.wait(this.#ints, LOCK, 1, LOCK_MS) === 'timed-out') return false;
    return true;
  }
}

/** The length of as many whole lines as fit; of one line where that is longer. */
function pieceOf(bytes: Buffer, limit: number): number {
  if (bytes.length <= limit) return bytes.length;
  const last = bytes.lastIndexOf(NEWLINE, limit - 1);
  return (last < 0 ? bytes.indexOf(NEWLINE) : last) + 1 || bytes.length;
}
