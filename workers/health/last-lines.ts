import type { FlightReader } from '../../src/flights/reader.ts';
import { AccessBuffer, linesBegun } from '../../src/log/access-buffer.ts';
import type { SharedLines } from '../../src/log/access-log.ts';
import { pieceBytesOf } from '../../src/log/piece-bytes.ts';
import { fs } from '../../src/support/builtins.ts';
import { codeOf } from '../../src/support/errors.ts';

/** Lines that the main thread has not written after this are written by its watchdog: it is blocked. */
const LATE_MS = 40;
/** How long, in all, the end of the process waits for the reader of a full pipe; before the end, the next round tries again. */
const FULL_PIPE_MS = 200;
const RETRY_MS = 10;
const NEWLINE = 10;

export interface LastLinesOptions {
  readonly reader: FlightReader;
  readonly shared: SharedLines;
  /** Sends lines on to syslog. */
  readonly forward: (lines: readonly string[]) => void;
}

/** The access log as the watchdog's thread writes it: where the main thread is blocked, or about to be killed. */
export class LastLines {
  readonly #reader: FlightReader;
  readonly #shared: SharedLines;
  readonly #buffer: AccessBuffer;
  readonly #forward: (lines: readonly string[]) => void;
  /** Until when to wait for the reader of a full pipe. */
  #patientUntilMs = Number.NEGATIVE_INFINITY;
  /** Whether the last that was written is a part of a line. */
  #isInLine = false;
  #seen: { readonly end: number; readonly ended: number; readonly atMs: number } | null = null;

  constructor({ reader, shared, forward }: LastLinesOptions) {
    this.#reader = reader;
    this.#shared = shared;
    this.#forward = forward;
    this.#buffer = new AccessBuffer(shared.buffer);
  }

  get isEmpty(): boolean {
    return this.#buffer.length === 0;
  }

  /** To be called in each round: writes what is late. */
  round(nowMs: number): void {
    if (this.isEmpty) {
      this.#seen = null;
      return;
    }
    const seen = this.#seen;
    if (seen === null) this.#seen = { end: this.#buffer.end, ended: this.#reader.ended, atMs: nowMs };
    // As in the main thread: no line of a request that the arbiter still counts as in flight.
    else if (nowMs - seen.atMs >= LATE_MS && this.#reader.told >= seen.ended) {
      this.#buffer.take(this.#pieceBytes, (piece, begun) => this.#put(piece, begun), seen.end);
      this.#seen = null;
    }
  }

  /**
   * Writes everything, the requests in flight included, which end for this reason. Returns whether that is all there was;
   * null where the lines of those in flight could not be made, and are left to the arbiter.
   */
  async finish(nowMs: number, reason: string): Promise<boolean | null> {
    const format = await loadFormat().catch(() => null);
    const isSealed = this.#buffer.seal();
    const taken = format === null ? [] : [...this.#reader.take()];
    this.#patientUntilMs = performance.now() + FULL_PIPE_MS;
    // Now, as a request that has ended before it could be taken has its line among these.
    if (isSealed) this.#buffer.takeSealed(this.#pieceBytes, (piece, begun) => this.#put(piece, begun));
    if (format === null) return null;
    const isWhole = isSealed && this.isEmpty && this.#reader.beyond === 0;
    const { line, shortLine } = format.compileFormat('--access-logformat', this.#shared.format);
    const { lineLimit } = this.#shared;
    return taken.reduce((wasWhole, flight) => {
      // Behind a part of a line nothing can be written but its rest.
      if (this.#isInLine) return false;
      const entry = format.lostEntry(flight, nowMs - flight.startMs, process.pid, reason);
      const text = line(entry);
      const piece = Buffer.from(text.length > lineLimit ? shortLine(entry, lineLimit) : text);
      return this.#put(piece, false) === piece.length && wasWhole;
    }, isWhole);
  }

  get #pieceBytes(): number {
    return pieceBytesOf(this.#shared.lineLimit);
  }

  #put(piece: Buffer, begun: boolean): number {
    const written = this.#shared.toFile ? this.#writeToFile(piece) : piece.length;
    this.#isInLine = written === 0 ? begun : piece[written - 1] !== NEWLINE;
    if (this.#shared.toSyslog && written > 0) this.#forward(linesBegun(piece, begun, written));
    return written;
  }

  #writeToFile(piece: Buffer): number {
    const { fd } = this.#buffer;
    if (fd === null) return 0;
    let written = 0;
    while (written < piece.length) {
      try {
        written += fs.writeSync(fd, piece, written);
      } catch (error) {
        if (codeOf(error) !== 'EAGAIN' || performance.now() > this.#patientUntilMs) break;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
      }
    }
    return written;
  }
}

/** Most workers never need it, and where the installation has been removed meanwhile it cannot be loaded. */
async function loadFormat() {
  const [{ compileFormat }, { lostEntry }] = await Promise.all([
    import('../../src/log/access-format.ts'),
    import('../../src/log/access-lost.ts'),
  ]);
  return { compileFormat, lostEntry };
}
