import { expect, it } from 'vitest';
import type { Span } from '../../../src/push/otlp-spans.ts';
import { SpanBatch } from '../../../src/spans/batch.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const span = { name: 'GET' } as Span;

/** A batch whose receiver answers when it is told to. */
function batching() {
  const clock = new FakeClock();
  const sent: number[] = [];
  const answers: ((reason: string | null) => void)[] = [];
  const lost: (readonly [number, string])[] = [];
  let taken = 0;
  const batch = new SpanBatch({
    clock,
    send: (spans) => {
      sent.push(spans.length);
      return new Promise((resolve) => answers.push(resolve));
    },
    lost: (count, reason) => void lost.push([count, reason]),
    taken: () => void taken++,
  });
  const add = (count: number) => {
    for (let index = 0; index < count; index++) batch.add(span);
  };
  const answer = async (reason: string | null) => {
    answers.shift()?.(reason);
    await clock.settle();
  };
  return { batch, clock, sent, lost, add, answer, taken: () => taken };
}

it('spans are sent together, 5 seconds after the first of them, or when there are 512', async () => {
  const { clock, sent, add, answer, taken } = batching();
  add(3);
  await clock.advance(4999);
  expect(sent).toEqual([]);
  await clock.advance(1);
  expect(sent).toEqual([3]);
  await answer(null);
  add(512);
  expect(sent).toEqual([3, 512]);
  await answer(null);
  expect(taken()).toBe(2);
  expect(clock.timerCount).toBeLessThan(2);
});

it('while the receiver does not answer 2048 wait, and the rest is lost', async () => {
  const { sent, lost, add, answer } = batching();
  add(512 + 2048 + 5);
  expect(sent).toEqual([512]);
  expect(lost).toEqual(Array.from({ length: 5 }, () => [1, 'too many wait']));
  await answer('503');
  expect(lost.at(-1)).toEqual([512, '503']);
  expect(sent).toEqual([512, 512]);
});

it('at the end all is sent in turn, and after one batch that is not taken the rest is lost', async () => {
  const { batch, sent, lost, add, answer } = batching();
  add(512 + 600);
  const flushed = batch.flush();
  await answer(null);
  await answer('gone');
  await flushed;
  expect(sent).toEqual([512, 512]);
  expect(lost).toEqual([
    [512, 'gone'],
    [88, 'the worker has ended'],
  ]);
  const quiet = batching();
  quiet.add(2);
  const all = quiet.batch.flush();
  await quiet.answer(null);
  await all;
  expect([quiet.sent, quiet.lost]).toEqual([[2], []]);
});
