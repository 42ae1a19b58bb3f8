import type { FlightTable } from '../flights/table.ts';
import { AccessBuffer, linesBegun } from './access-buffer.ts';
import type { Destination } from './destination.ts';
import { pieceBytesOf } from './piece-bytes.ts';

/** With the rounds of the watchdog's thread, a line is written at most 100 ms after its request has ended. */
const FLUSH_EVERY_MS = 50;
/** The same while an end has not been reported to the arbiter: as often as the thread's rounds. */
const TOLD_EVERY_MS = 25;
/** After this many rounds the thread must have reported ends; otherwise it may have failed. */
const PATIENCE_ROUNDS = 20;

export interface GatheredLinesOptions {
  readonly destination: Destination | null;
  /** Gets each line too, without its newline. */
  readonly also: ((line: string) => void) | null;
  readonly flights: FlightTable;
}

/** The lines up to `end`, which may be written once the arbiter knows that this many reported requests have ended. */
interface Mark {
  readonly end: number;
  readonly ended: number;
  readonly rounds: number;
}

/**
 * Writes the lines of the main thread to the log, several at a time. A line is written only when the arbiter knows that its
 * request has ended. Otherwise, if the process were killed, the arbiter would write a second line for it.
 */
export class GatheredLines {
  readonly buffer = new AccessBuffer();
  readonly #destination: Destination | null;
  readonly #also: ((line: string) => void) | null;
  readonly #flights: FlightTable;
  readonly #pieceBytes: number;
  #timer: NodeJS.Timeout | null = null;
  #mark: Mark | null = null;

  constructor({ destination, also, flights }: GatheredLinesOptions) {
    this.#destination = destination;
    this.#also = also;
    this.#flights = flights;
    this.#pieceBytes = pieceBytesOf(destination?.lineLimit ?? Infinity);
    this.#publish();
  }

  /** Takes an ASCII line with its newline. */
  write(line: string): void {
    if (this.buffer.length + line.length > this.#pieceBytes) this.#round();
    if (!this.buffer.append(line)) {
      this.flush();
      if (!this.buffer.append(line)) return void this.#put(Buffer.from(line));
    }
    if (this.#timer === null) {
      this.#arm();
      // The watchdog's thread writes it if this thread is blocked before the timer fires.
      this.#flights.wake();
    }
  }

  /** Writes out everything, waiting at most half a second for the reader of a full pipe. */
  flush(): void {
    this.#take(this.buffer.end);
    this.#destination?.flush();
    this.#publish();
  }

  /** Opens the file anew; what was taken before goes to the old one. */
  reopen(): void {
    this.#take(this.buffer.end);
    // No other thread may write while the descriptor changes: the next moment its number may be a client's socket.
    this.buffer.exclusively(() => {
      this.buffer.fd = null;
      this.#destination?.reopen();
      this.#publish();
    });
  }

  #arm(): void {
    // A timer only while something waits: an idle process is never woken. Logging alone keeps no process alive.
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        this.#round();
        const isHolding = this.#destination !== null && this.#destination.freeFd === null;
        if (this.buffer.length > 0 || isHolding) this.#arm();
      },
      this.#mark === null ? FLUSH_EVERY_MS : TOLD_EVERY_MS,
    ).unref();
  }

  #round(): void {
    const { ended, toldOf } = this.#flights;
    const { end } = this.buffer;
    const mark = this.#mark;
    if (ended === toldOf) {
      this.#mark = null;
      return this.#take(end);
    }
    if (mark === null) this.#mark = { end, ended, rounds: 0 };
    else if (toldOf >= mark.ended || mark.rounds >= PATIENCE_ROUNDS) {
      this.#take(mark.end);
      this.#mark = { end, ended, rounds: 0 };
    } else this.#mark = { ...mark, rounds: mark.rounds + 1 };
  }

  #take(end: number): void {
    this.buffer.take(this.#pieceBytes, (piece, begun) => this.#put(piece, begun), end);
    this.#publish();
    if (this.buffer.length > 0) return;
    this.#mark = null;
    this.buffer.compact();
  }

  #put(piece: Buffer, begun = false): number {
    this.#destination?.put(piece);
    // While the lock is held: after a part of a line, no other thread may write before the rest.
    this.#publish();
    if (this.#also) for (const line of linesBegun(piece, begun, piece.length)) this.#also(line);
    return piece.length;
  }

  #publish(): void {
    this.buffer.fd = this.#destination?.freeFd ?? null;
  }
}
