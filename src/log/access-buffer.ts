/**
 * The size of the buffer. It fills only while ends of requests wait to be reported to the arbiter; when it is full,
 * lines are written at once.
 */
const BUFFER_BYTES = 256 * 1024;
const HEADER_BYTES = 64;
/** How long to wait for the lock. Its holder writes, which mostly takes microseconds. */
const LOCK_MS = 200;
const NEWLINE = 10;

// The header, in 32-bit numbers.
const LOCK = 0;
const HEAD = 1;
const TAIL = 2;
const FD = 3;
/** The position at which the buffer begins. Positions only grow, in 32-bit arithmetic, so that an old one never means new lines. */
const BASE = 4;

/**
 * Writes a piece and returns how many of its bytes were written. The next call, in either thread, continues with the
 * rest. `begun` is whether the piece begins with the rest of a line.
 */
export type WritePiece = (piece: Buffer, begun: boolean) => number;

/**
 * Lines of the access log that are not written yet, in memory that two threads share. The main thread appends, and either
 * takes what is there: if the main thread is blocked, or about to be killed, the other one writes them.
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

  /** The descriptor to which the other thread may write lines; null if there is none, or it may not write. */
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
   * Gives what lies before `end` to `write`, in pieces of whole lines of at most `pieceBytes`, until one is not written as
   * a whole. False where the other thread has the lines.
   */
  take(pieceBytes: number, write: WritePiece, end = this.end): boolean {
    if (!this.#lock()) return false;
    this.takeSealed(pieceBytes, write, end);
    this.unlock();
    return true;
  }

  /** For the main thread: if all is taken, starts again at the beginning of the buffer. */
  compact(): void {
    const { end } = this;
    if (this.length > 0 || Atomics.load(this.#ints, BASE) === end || !this.#lock()) return;
    if (this.length === 0) Atomics.store(this.#ints, BASE, end);
    this.unlock();
  }

  /** Keeps the other thread from taking anything while `act` runs; does nothing if that thread has the lines. */
  exclusively(act: () => void): void {
    if (!this.#lock()) return;
    try {
      act();
    } finally {
      this.unlock();
    }
  }

  /** For the other thread: takes over the lines for good, since the process is about to be killed. False if it cannot. */
  seal(): boolean {
    return this.#lock();
  }

  /** As `take`, for the thread that has sealed them. */
  takeSealed(pieceBytes: number, write: WritePiece, end = this.end): void {
    const tail = Atomics.load(this.#ints, TAIL);
    const left = (end - tail) | 0;
    if (left <= 0) return;
    const from = (tail - Atomics.load(this.#ints, BASE)) | 0;
    const lines = this.#bytes.subarray(from, from + left);
    let at = 0;
    for (let isWhole = true; isWhole && at < left; ) {
      const length = pieceOf(lines.subarray(at), pieceBytes);
      const before = from + at - 1;
      const written = write(lines.subarray(at, at + length), before >= 0 && this.#bytes[before] !== NEWLINE);
      at += written;
      isWhole = written === length;
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

/** The lines, without their newlines, that begin in the first `written` bytes of a piece, which is `begun` with the rest of another. */
export function linesBegun(piece: Buffer, begun: boolean, written: number): readonly string[] {
  const lines: string[] = [];
  for (let at = begun ? piece.indexOf(NEWLINE) + 1 : 0; at < written; ) {
    const end = piece.indexOf(NEWLINE, at);
    lines.push(piece.toString('latin1', at, end));
    at = end + 1;
  }
  return lines;
}

/** The length of as many whole lines as fit; of one line where that is longer. */
function pieceOf(bytes: Buffer, limit: number): number {
  if (bytes.length <= limit) return bytes.length;
  const last = bytes.lastIndexOf(NEWLINE, limit - 1);
  return (last < 0 ? bytes.indexOf(NEWLINE) : last) + 1 || bytes.length;
}
