import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { readLines } from '../../../../src/arbiter/companions/output.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

function reading() {
  const clock = new FakeClock();
  const stream = new PassThrough();
  const lines: string[] = [];
  readLines(stream, clock, (line) => void lines.push(line));
  return { clock, stream, lines };
}

const turn = () => new Promise((turned) => setImmediate(turned));

it('takes output apart into lines, wherever its chunks end', async () => {
  const { clock, stream, lines } = reading();
  for (const chunk of ['one\ntw', Buffer.from([0xc3]), Buffer.from([0xb6]), '\n\n  \nlast']) {
    stream.write(chunk);
    await turn();
    await clock.advance(5);
  }
  stream.end();
  await turn();
  expect(lines).toEqual(['one', 'twö', 'last']);
});

it('takes a flood of short lines a few at a time, and no more of the stream meanwhile', async () => {
  const { clock, stream, lines } = reading();
  stream.write('y\n'.repeat(1000));
  await turn();
  expect(lines.length).toBe(100);
  stream.write('z\n');
  for (let pauses = 1; pauses < 10; pauses++) {
    await clock.advance(5);
    await turn();
    expect(lines.length).toBe((pauses + 1) * 100);
  }
  await clock.advance(5);
  await turn();
  expect(lines.at(-1)).toBe('z');
});

it('says at its end all that waits', async () => {
  const { stream, lines } = reading();
  stream.write(`${'y\n'.repeat(1000)}last`);
  await turn();
  stream.destroy();
  await once(stream, 'close');
  expect([lines.length, lines.at(-1)]).toEqual([1001, 'last']);
});
