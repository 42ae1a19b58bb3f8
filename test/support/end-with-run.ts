import { setTimeout as pause } from 'node:timers/promises';
import { markedWith } from './marked.ts';

// node end-with-run.ts VALUE: waits until its standard input ends, as it does when the run of tests at the other end has
// ended, however that was, and ends all that the run has started and left.

const [, , value] = process.argv;
if (value === undefined) throw new Error('end-with-run.ts: the value of the mark is missing');
await new Promise((resolve) => process.stdin.resume().once('end', resolve));
// What is being started at this moment is seen the next time.
for (let calm = 0; calm < 3; await pause(50)) {
  const left = markedWith(value);
  calm = left.length === 0 ? calm + 1 : 0;
  for (const pid of left) kill(pid);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
