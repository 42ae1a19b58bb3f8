import { fs } from '../../support/builtins.ts';
import { CAPACITY, HEADER_BYTES, headerOf, partsOf, type RingHeader } from './layout.ts';

/** How far somebody has read. */
export interface Cursor {
  readonly end: number;
  readonly count: number;
}

/** What was written behind a cursor, and the cursor behind that; `lost` is how many lines were overwritten or left out. */
export interface Read {
  readonly lines: readonly string[];
  readonly lost: number;
  readonly cursor: Cursor;
}

/** The beginning of every ring. */
export const BEGINNING: Cursor = { end: 0, count: 0 };

const NEWLINE = 10;

/** Reads what another process has written to a ring. Throws where the file cannot be read. */
export function readRing(fd: number, cursor: Cursor): Read {
  const { end, count } = readHeader(fd);
  if (end === cursor.end)
    return { lines: [], lost: Math.max(0, count - cursor.count), cursor: { end, count } };
  const from = Math.max(cursor.end, end - CAPACITY);
  const bytes = readBytes(fd, from, end);
  // What was overwritten meanwhile is no line.
  const oldest = readHeader(fd).begun - CAPACITY;
  const isCut = from > cursor.end || oldest > from;
  const start = isCut ? bytes.indexOf(NEWLINE, Math.max(0, oldest - from - 1)) + 1 : 0;
  const lines = bytes.toString('utf8', start).split('\n').slice(0, -1);
  return { lines, lost: Math.max(0, count - cursor.count - lines.length), cursor: { end, count } };
}

function readHeader(fd: number): RingHeader {
  const bytes = Buffer.alloc(HEADER_BYTES);
  fs.readSync(fd, bytes, 0, HEADER_BYTES, 0);
  return headerOf(bytes);
}

function readBytes(fd: number, from: number, end: number): Buffer {
  const bytes = Buffer.alloc(Math.max(0, end - from));
  let got = 0;
  for (const { at, length } of partsOf(from, Math.max(from, end))) {
    fs.readSync(fd, bytes, got, length, at);
    got += length;
  }
  return bytes;
}
