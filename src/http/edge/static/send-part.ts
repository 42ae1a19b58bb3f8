import type { ServerResponse } from 'node:http';
import { fs } from '../../../support/builtins.ts';
import type { OpenFile } from './open-inside.ts';

/** Up to so much is read at once, in the event loop, which takes less than a turn of a thread that reads. */
const AT_ONCE = 64 * 1024;
/** A body of up to this size goes with the head into one write, which costs less than two pieces (writev). */
const WITH_HEAD = 8 * 1024;
/** So much of a larger file is in memory for each client. */
const PIECE = 128 * 1024;

/** The same of a file that is opened for each piece, of which a client may ask for a hundred at once. */
const SMALL_PIECE = 32 * 1024;

/**
 * Sends a part of an open file as the rest of the answer, and closes the file. Where the file has become shorter than the
 * head has told, the connection is cut, so that the client sees that the answer is not whole. `keep` is asked whether a
 * large file may stay open as long as its client reads, and what it returns is called when it is closed; null where it may
 * not, and is opened again for each piece.
 */
export function sendPart(
  response: ServerResponse,
  file: OpenFile,
  from: number,
  length: number,
  keep: () => (() => void) | null,
): void {
  if (length <= AT_ONCE) return sendSmall(response, file.fd, from, length);
  const release = keep();
  if (release !== null) return sendLarge(response, file.fd, from, length, release);
  fs.closeSync(file.fd);
  sendByPieces(response, file, from, length);
}

function sendSmall(response: ServerResponse, fd: number, from: number, length: number): void {
  const body = readNow(fd, from, length);
  if (body === null) response.destroy();
  else if (length > WITH_HEAD) response.end(body);
  else response.end(body.toString('latin1'), 'latin1');
}

/** Reads a part of a file and closes it; null where it is shorter than that. */
export function readNow(fd: number, from: number, length: number): Buffer | null {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  try {
    while (filled < length) {
      const count = fs.readSync(fd, bytes, filled, length - filled, from + filled);
      if (count === 0) return null;
      filled += count;
    }
  } finally {
    fs.closeSync(fd);
  }
  return bytes;
}

function sendLarge(
  response: ServerResponse,
  fd: number,
  from: number,
  length: number,
  release: () => void,
): void {
  let at = from;
  let left = length;
  let isReading = false;
  let isOver = false;
  const close = () => fs.close(fd, () => {});
  const stop = () => {
    if (isOver) return;
    isOver = true;
    release();
    // A descriptor that a thread reads from must not get another meaning.
    if (!isReading) close();
  };
  const next = () => {
    if (isOver) return;
    isReading = true;
    const buffer = Buffer.allocUnsafeSlow(Math.min(PIECE, left));
    fs.read(fd, buffer, 0, buffer.length, at, (error, count) => {
      isReading = false;
      if (isOver) return close();
      if (error || count === 0) {
        stop();
        return void response.destroy();
      }
      at += count;
      left -= count;
      pass(count === buffer.length ? buffer : buffer.subarray(0, count));
    });
  };
  const pass = (piece: Buffer) => {
    if (left === 0) {
      stop();
      response.end(piece);
    } else if (response.write(piece)) next();
    else response.once('drain', next);
  };
  response.once('close', stop);
  next();
}

/** No more than a piece of it is in memory until the client has taken that. */
function sendByPieces(response: ServerResponse, file: OpenFile, from: number, length: number): void {
  let at = from;
  const end = from + length;
  const next = (error?: Error | null) => {
    if (error || response.closed || response.destroyed) return;
    const piece = readAgain(file, at, Math.min(SMALL_PIECE, end - at));
    if (piece === null) return void response.destroy();
    at += piece.length;
    if (at === end) response.end(piece);
    else response.write(piece, next);
  };
  next();
}

/** Null where it can no longer be read, or there is another file in its place. */
function readAgain({ again, stats }: OpenFile, from: number, length: number): Buffer | null {
  try {
    const file = again();
    if (file === null) return null;
    if (isSame(file.stats, stats)) return readNow(file.fd, from, length);
    fs.closeSync(file.fd);
    return null;
  } catch {
    // No descriptor is left, or it may be read no more: the answer is cut.
    return null;
  }
}

/** The number of a file that is gone is soon that of another. */
function isSame(one: OpenFile['stats'], other: OpenFile['stats']): boolean {
  return one.dev === other.dev && one.ino === other.ino && one.birthtimeMs === other.birthtimeMs;
}
