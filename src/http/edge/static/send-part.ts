import type { ServerResponse } from 'node:http';
import { fs } from '../../../support/builtins.ts';

/** Up to so much is read at once, in the event loop, which takes less than a turn of a thread that reads. */
const AT_ONCE = 64 * 1024;
/** A body of up to this size goes with the head into one write, which costs less than two pieces (writev). */
const WITH_HEAD = 8 * 1024;
/** So much of a larger file is in memory for each client. */
const PIECE = 128 * 1024;

/**
 * Sends a part of an open file as the rest of the answer, and closes the file. Where the file has become shorter than the
 * head has told, the connection is cut, so that the client sees that the answer is not whole.
 */
export function sendPart(response: ServerResponse, fd: number, from: number, length: number): void {
  if (length <= AT_ONCE) sendSmall(response, fd, from, length);
  else sendLarge(response, fd, from, length);
}

function sendSmall(response: ServerResponse, fd: number, from: number, length: number): void {
  const body = Buffer.allocUnsafe(length);
  let filled = 0;
  try {
    while (filled < length) {
      const count = fs.readSync(fd, body, filled, length - filled, from + filled);
      if (count === 0) return void response.destroy();
      filled += count;
    }
  } finally {
    fs.closeSync(fd);
  }
  if (length > WITH_HEAD) response.end(body);
  else response.end(body.toString('latin1'), 'latin1');
}

function sendLarge(response: ServerResponse, fd: number, from: number, length: number): void {
  let at = from;
  let left = length;
  let isReading = false;
  let isOver = false;
  const close = () => fs.close(fd, () => {});
  const stop = () => {
    if (isOver) return;
    isOver = true;
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
