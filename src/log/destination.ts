import type { Stats } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fs } from '../support/builtins.ts';
import { type Clock, systemClock } from '../support/clock.ts';
import { codeOf, messageOf, UsageError } from '../support/errors.ts';
import { ATOMIC_BYTES } from './piece-bytes.ts';
import { LogTrouble, type Say } from './trouble.ts';

const NEWLINE = 0x0a;
const HELD_BYTES = 1024 * 1024;
const RETRY_EVERY_MS = 250;
const EXIT_WAIT_MS = 500;
const RETRY_MS = 10;
const REOPEN_EVERY_MS = 1000;

export interface DestinationOptions {
  /** A path, which is appended to, or `-` for the standard stream. */
  readonly file: string;
  /** The descriptor that `-` stands for. */
  readonly standard: number;
  /** Opens the file, at the start and again, in place of a plain open. Throws a system error. */
  readonly open?: (path: string) => number;
  /** Logs that lines cannot be written, or that the file cannot be reopened, and the end of either. */
  readonly say?: Say;
  /** How messages name what `-` stands for. */
  readonly stream?: string;
  readonly clock?: Clock;
}

/**
 * Where lines go. Writes are synchronous, so that `process.exit` and a crash lose nothing that was written. No failure
 * of a write is ever thrown, since a full disk or a reader that has gone must not stop the service. What cannot be
 * written now is held, up to 1 MiB, and tried again. Beyond that, lines are dropped and counted, and the log says so.
 *
 * Why this is not pino's own destination, sonic-boom 4:
 * - When it writes synchronously and a pipe is full (EAGAIN), it sleeps within `write` until the reader has read, so
 *   that a stalled reader stalls the service. If told not to, it tries again only with the next line.
 * - When it writes asynchronously, `process.exit` and crashes lose lines. Its `flushSync` waits for a full pipe without
 *   a limit.
 * - It opens files itself, without O_NONBLOCK: a FIFO that has no reader stalls the service, and a file that only the
 *   arbiter may open cannot be opened in another way.
 * - `reopen` gives up when it fails, and nothing says so in another log.
 * - The access log needs one too, and must not load pino for it.
 */
export class Destination {
  readonly #open: (path: string) => number;
  readonly #standard: number;
  readonly #path: string | null;
  /** The longest line, in bytes, that certainly does not mix with those of other processes. */
  readonly lineLimit: number;
  readonly #clock: Clock;
  readonly #trouble: LogTrouble | null;
  /** Null once it is closed. */
  #fd: number | null;
  /** When reopening failed last; null if it did not. It is tried again with the next line, at most once a second. */
  #triedMs: number | null = null;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #timer: NodeJS.Timeout | null = null;

  /** Throws a system error where the file cannot be opened. */
  constructor(options: DestinationOptions) {
    const { file, standard, open = openFile, say, clock = systemClock } = options;
    this.#clock = clock;
    const { stream = file } = options;
    this.#trouble = say ? new LogTrouble({ file, say, clock, name: file === '-' ? stream : file }) : null;
    this.#open = open;
    this.#standard = standard;
    // Resolved once: the application may change the directory later.
    this.#path = file === '-' ? null : resolve(file);
    this.#fd = this.#path === null ? openStandard(standard) : open(this.#path);
    this.lineLimit = isFile(this.#fd) ? Number.POSITIVE_INFINITY : ATOMIC_BYTES;
  }

  /** The descriptor, for another thread to write whole lines to; null if a part of a line may have been written last. */
  get freeFd(): number | null {
    return this.#heldBytes === 0 ? this.#fd : null;
  }

  /** Takes one line with its newline. */
  write(line: string): void {
    this.#hold(Buffer.from(line));
  }

  /** Takes whole lines; the bytes may change afterwards. */
  put(lines: Buffer): void {
    this.#hold(lines);
    // Mostly nothing is left of them, so that only what is gets copied.
    const last = this.#held.at(-1);
    if (last?.buffer === lines.buffer) this.#held[this.#held.length - 1] = Buffer.from(last);
  }

  /** Whether lines could not be written, for another reason than a slow reader. */
  get isUnwritable(): boolean {
    return this.#trouble?.isUnwritable ?? false;
  }

  /**
   * Opens the file again; what was taken before goes to the old one. If that fails, the old file stays in use, since lines
   * in a file that was moved away are better than none, and it is tried again.
   */
  reopen(): void {
    if (this.#path === null || this.#fd === null) return;
    let opened: number;
    try {
      opened = this.#open(this.#path);
    } catch (error) {
      this.#triedMs = this.#clock.now();
      this.#trouble?.notReopened(error);
      return;
    }
    this.#drain();
    close(this.#fd);
    this.#fd = opened;
    this.#triedMs = null;
    this.#trouble?.reopened();
    this.#try(0);
  }

  /**
   * Writes out everything taken so far, as the process ends; waits at most half a second for the reader of a full pipe.
   * What cannot be written then is lost.
   */
  flush(): void {
    const untilMs = performance.now() + EXIT_WAIT_MS;
    let error = this.#drain();
    while (error === 'EAGAIN' && performance.now() < untilMs) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
      error = this.#drain();
    }
    if (error !== null) this.#abandon(error);
  }

  /** Writes out what can be written at once and lets go of the file; what comes later is lost. */
  close(): void {
    const error = this.#drain();
    if (error !== null) this.#abandon(error);
    if (this.#fd !== null && this.#fd !== this.#standard) close(this.#fd);
    this.#fd = null;
  }

  #abandon(error: string): void {
    const lines = this.#held.reduce((sum, piece) => sum + linesIn(piece), 0);
    this.#held = [];
    this.#heldBytes = 0;
    this.#trouble?.lostAtEnd(error, lines);
  }

  #arm(): NodeJS.Timeout {
    // A timer only while something waits: an idle process is never woken. Logging alone keeps no process alive.
    return setTimeout(() => {
      this.#timer = null;
      this.#try(0);
    }, RETRY_EVERY_MS).unref();
  }

  #hold(bytes: Buffer): void {
    if (this.#fd === null) return;
    if (this.#triedMs !== null && this.#clock.now() - this.#triedMs >= REOPEN_EVERY_MS) this.reopen();
    const isFull = () => this.#heldBytes > 0 && this.#heldBytes + bytes.length > HELD_BYTES;
    if (isFull()) this.#drain();
    if (isFull()) return this.#try(linesIn(bytes));
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    this.#try(0);
  }

  /** Writes what it can and records the result; `lost` more lines were dropped. */
  #try(lost: number): void {
    const error = this.#drain();
    if (error !== null) this.#timer ??= this.#arm();
    // A slow reader is no problem until lines are lost.
    if (error !== null && (error !== 'EAGAIN' || lost > 0)) this.#trouble?.failed(error, lost);
    if (error === null) this.#trouble?.written();
  }

  /** Writes what is held, in order. Returns null when nothing is left, else the code of the error that stopped it. */
  #drain(): string | null {
    if (this.#fd === null) return null;
    for (let first = this.#held[0]; first; first = this.#held[0]) {
      try {
        const written = fs.writeSync(this.#fd, first);
        this.#heldBytes -= written;
        if (written === first.length) this.#held.shift();
        else this.#held[0] = first.subarray(written);
      } catch (error) {
        // ENOSPC, EAGAIN (a slow reader) and EPIPE (a FIFO's reader restarts) may pass, so the lines are kept. Errors that do
        // not pass, such as a closed standard output, are reported in another log.
        return codeOf(error) ?? 'unknown';
      }
    }
    return null;
  }
}

/**
 * Refuses a log file that could not be opened for appending, naming `source` (`--error-logfile`) in a UsageError.
 * Nothing is created or opened: the umask and the user are not yet those of the service, and a FIFO's reader would see an end.
 */
export function checkLogfile(source: string, file: string): void {
  if (file === '-') return;
  const path = resolve(file);
  const refuse = (why: string) => new UsageError(`${source}: cannot write ${path}: ${why}`);
  let existing: Stats | undefined;
  try {
    existing = fs.statSync(path, { throwIfNoEntry: false });
    if (existing) fs.accessSync(path, fs.constants.W_OK);
    else fs.accessSync(dirname(path), fs.constants.W_OK | fs.constants.X_OK);
  } catch (error) {
    const cure = existing
      ? 'make the file writable'
      : `the directory ${dirname(path)} must exist and be writable`;
    throw refuse(`${codeOf(error) ?? messageOf(error)}; ${cure}`);
  }
  if (existing?.isDirectory()) throw refuse('it is a directory; name a file in it');
}

/** Opens a log file for appending, and makes it where it is missing. Throws a system error. */
export function openFile(path: string): number {
  // Without a mode: the operator's umask decides who may read it. O_NONBLOCK: a FIFO without a reader must not block.
  const flags =
    fs.constants.O_WRONLY | fs.constants.O_APPEND | fs.constants.O_CREAT | fs.constants.O_NONBLOCK;
  return fs.openSync(path, flags);
}

/**
 * The descriptor by which to write to a standard stream. A pipe is opened a second time without blocking, so that a
 * reader who has stalled does not stall the service. Setting O_NONBLOCK on the descriptor itself would change it for
 * every process that shares it. A socket (journald's) cannot be opened a second time: a reader who stalls there stalls
 * the service.
 */
export function openStandard(fd: number): number {
  try {
    if (!fs.fstatSync(fd).isFIFO()) return fd;
    return fs.openSync(
      `/proc/self/fd/${fd}`,
      fs.constants.O_WRONLY | fs.constants.O_APPEND | fs.constants.O_NONBLOCK,
    );
  } catch {
    // No /proc (macOS), another user's pipe, or a closed descriptor: the plain one serves, or fails at its first write.
    return fd;
  }
}

function linesIn(piece: Buffer): number {
  let lines = 0;
  for (let at = piece.indexOf(NEWLINE); at >= 0; at = piece.indexOf(NEWLINE, at + 1)) lines++;
  return lines;
}

function close(fd: number): void {
  try {
    fs.closeSync(fd);
  } catch {
    // EIO and the like at close: the descriptor is released all the same.
  }
}

function isFile(fd: number): boolean {
  try {
    return fs.fstatSync(fd).isFile();
  } catch {
    // A closed standard stream: its first write reports that.
    return false;
  }
}
