import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { IdleTimes } from '../../../src/http/idle-times.ts';
import { FakeClock } from '../../support/fake-clock.ts';

/** What IdleTimes uses of a socket; `set` has what reached its own setTimeout(). */
class FakeSocket extends EventEmitter {
  readonly set: number[] = [];
  bytesRead = 0;
  destroyed = false;
  timeout = 0;
  _httpMessage: object | null = null;

  setTimeout(ms: number): this {
    this.set.push(ms);
    this.timeout = ms;
    return this;
  }
}

function keeping(limitMs = 6000) {
  const clock = new FakeClock();
  const times = new IdleTimes(limitMs, clock);
  const ended: number[] = [];
  const socket = () => {
    const fake = new FakeSocket();
    fake.on('timeout', () => ended.push(clock.now()));
    times.keep(fake as unknown as Socket);
    fake.setTimeout(limitMs);
    return fake;
  };
  return { clock, times, ended, socket };
}

it('ends an idle time when it is over, up to two steps late and never early', async () => {
  const { clock, ended, socket } = keeping();
  socket();
  await clock.advance(700);
  socket();
  await clock.advance(5299);
  expect(ended).toEqual([]);
  await clock.advance(1000);
  expect(ended).toHaveLength(1);
  await clock.advance(1000);
  expect(ended).toHaveLength(2);
});

it('sets no timer of the socket, and leaves one that the application has set alone', async () => {
  const { clock, ended, times, socket } = keeping();
  const kept = socket();
  expect(kept.set).toEqual([0]);
  kept.setTimeout(0);
  kept.setTimeout(6000);
  expect(kept.set).toEqual([0]);
  expect(kept.timeout).toBe(6000);
  kept.setTimeout(1234);
  expect(times.size).toBe(0);
  kept.setTimeout(0);
  expect(kept.set).toEqual([0, 1234, 0]);
  kept._httpMessage = {};
  kept.setTimeout(6000);
  expect(kept.set.at(-1)).toBe(6000);
  await clock.advance(20_000);
  expect(ended).toEqual([]);
});

it('begins anew where a part of the next request has come, and forgets a connection that closes', async () => {
  const { clock, ended, times, socket } = keeping();
  const partly = socket();
  socket().emit('close');
  expect(times.size).toBe(1);
  await clock.advance(5000);
  partly.bytesRead = 10;
  await clock.advance(3000);
  expect(ended).toEqual([]);
  await clock.advance(7000);
  expect(ended).toHaveLength(1);
  expect(times.size).toBe(0);
});

it('removes connections from anywhere in the list', async () => {
  const { clock, ended, times, socket } = keeping();
  const kept = Array.from({ length: 5 }, socket);
  for (const at of [2, 0, 4]) kept[at]?.setTimeout(0);
  expect(times.size).toBe(2);
  await clock.advance(10_000);
  expect(ended).toHaveLength(2);
});
