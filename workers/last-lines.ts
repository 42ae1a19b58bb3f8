import { fs } from '../src/builtins.ts';
import { codeOf } from '../src/errors.ts';
import type { FlightReader } from '../src/flights/reader.ts';
import { AccessBuffer } from '../src/log/access-buffer.ts';
import type { SharedLines } from '../src/log/access-log.ts';
import { pieceBytesOf } from '../src/log/gathered-lines.ts';

/** Lines that the main thread has not written after this are written by its watchdog: it is blocked. */
const LATE_MS = 50;
/** The reader of a full pipe gets so long, in all. */
const FULL_PIPE_MS = 200;
const RETRY_MS = 10;

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
    // As with the main thread: none whose request the arbiter takes for one in flight.
    else if (nowMs - seen.atMs >= LATE_MS && this.#reader.told >= seen.ended) {
      this.#write(Math.min(seen.end, this.#buffer.end));
      this.#seen = null;
    }
  }

  /** Writes everything, the requests in flight included, which end for this reason. Returns whether that is all there was. */
  async finish(nowMs: number, reason: string): Promise<boolean> {
    const [{ compileFormat }, { lostEntry }] = await Promise.all([
      import('../src/log/access-format.ts'),
      import('../src/log/access-lost.ts'),
    ]);
    this.#write(this.#buffer.end);
    const isWhole = this.isEmpty && this.#buffer.seal() && this.#reader.beyond === 0;
    const { line, shortLine } = compileFormat('--access-logformat', this.#shared.format);
    const { lineLimit } = this.#shared;
    let written = true;
    for (const flight of this.#reader.take()) {
      const entry = lostEntry(flight, nowMs - flight.startMs, process.pid, reason);
      const text = line(entry);
      const put = this.#put(Buffer.from(text.length > lineLimit ? shortLine(entry, lineLimit) : text));
      written &&= put;
    }
    return isWhole && written;
  }

  #write(end: number): void {
    this.#buffer.take(pieceBytesOf(this.#shared.lineLimit), (piece) => this.#put(piece), end);
  }

  #put(piece: Buffer): boolean {
    if (this.#shared.toFile && !this.#writeToFile(piece)) return false;
    if (this.#shared.toSyslog) this.#forward(piece.toString('latin1').trimEnd().split('\n'));
    return true;
  }

  #writeToFile(piece: Buffer): boolean {
    const { fd } = this.#buffer;
    if (fd === null) return false;
    const untilMs = performance.now() + FULL_PIPE_MS;
    for (let rest = piece; rest.length > 0; ) {
      try {
        rest = rest.subarray(fs.writeSync(fd, rest));
      } catch (error) {
        if (codeOf(error) !== 'EAGAIN' || performance.now() > untilMs) return false;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
      }
    }
    return true;
  }
}
