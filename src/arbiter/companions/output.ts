import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { Clock } from '../../support/clock.ts';

/** A line that is longer is logged in pieces. */
const LONGEST_LINE = 16_384;
/** After each chunk, of 64 KiB at most, reading pauses so long: a flood of output must not keep the arbiter busy. */
const PAUSE_MS = 5;

/** Calls `line` for each line of the stream, and for what is left at its end. Empty lines are left out. */
export function readLines(stream: Readable, clock: Clock, line: (text: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const take = (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    while (rest.length > LONGEST_LINE) {
      lines.push(rest.slice(0, LONGEST_LINE));
      rest = rest.slice(LONGEST_LINE);
    }
    for (const one of lines) if (one.trim() !== '') line(one.trimEnd());
  };
  stream.on('data', (chunk: Buffer) => {
    take(decoder.write(chunk));
    stream.pause();
    clock.after(PAUSE_MS, () => stream.resume());
  });
  stream.on('close', () => {
    take(`${decoder.end()}\n`);
  });
  // It may be reset where the process is killed: 'close' follows.
  stream.on('error', () => {});
}
