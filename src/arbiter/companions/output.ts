import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { Clock } from '../../support/clock.ts';

/** A line that is longer is logged in pieces. */
const LONGEST_LINE = 16_384;
/** A flood of output must not keep the arbiter busy: after so many lines, and after each chunk of 64 KiB at most, it pauses. */
const LINES_AT_ONCE = 100;
const PAUSE_MS = 5;

/** Calls `line` for each line of the stream, and for what is left at its end. Empty lines are left out. */
export function readLines(stream: Readable, clock: Clock, line: (text: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let waiting: string[] = [];
  const take = (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    while (rest.length > LONGEST_LINE) {
      lines.push(rest.slice(0, LONGEST_LINE));
      rest = rest.slice(LONGEST_LINE);
    }
    waiting = [...waiting, ...lines.filter((one) => one.trim() !== '')];
  };
  const say = (most: number) => {
    for (const one of waiting.splice(0, most)) line(one.trimEnd());
  };
  const proceed = () => {
    if (waiting.length === 0) return void stream.resume();
    say(LINES_AT_ONCE);
    clock.after(PAUSE_MS, proceed);
  };
  stream.on('data', (chunk: Buffer) => {
    stream.pause();
    take(decoder.write(chunk));
    say(LINES_AT_ONCE);
    clock.after(PAUSE_MS, proceed);
  });
  stream.on('close', () => {
    take(`${decoder.end()}\n`);
    say(Infinity);
  });
  // It may be reset where the process is killed: 'close' follows.
  stream.on('error', () => {});
}
