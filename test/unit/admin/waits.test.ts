import { closeSync, openSync, statSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { longestWaitOf, WaitReader } from '../../../src/admin/waits.ts';
import { ListeningRows } from '../../../src/listeners/queue.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const SS = `18     0      127.0.0.1:60599 127.0.0.1:40424 ino:0 sk:1003 cgroup:/ <->
	 ts sack bbr rto:200 lastsnd:120 lastrcv:120 lastack:120
18     0      127.0.0.1:60599 127.0.0.1:40402 ino:0 sk:1004 cgroup:/ <->
	 ts sack bbr rto:200 lastsnd:320 lastrcv:320 lastack:320
18     0      127.0.0.1:60599 127.0.0.1:40403 users:(("node",pid=1)) ino:77 sk:1004 cgroup:/ <->
	 ts sack bbr rto:200 lastsnd:9320 lastrcv:9320 lastack:9320
18     0      [::1]:60598 127.0.0.1:40402 ino:0 sk:1004 cgroup:/ <->
	 ts sack bbr rto:200 lastsnd:5320 lastrcv:5320 lastack:5320
`;

it('the longest wait is of the connections at that port that no process has accepted', () => {
  expect(longestWaitOf(SS, 60_599)).toBe(320);
  expect(longestWaitOf(SS, 60_598)).toBe(5320);
  expect(longestWaitOf(SS, 6059)).toBeNull();
  expect(longestWaitOf('', 80)).toBeNull();
});

/** A reader of one socket with three connections in its queue, and how often it has asked ss. */
function reading() {
  const { ino } = statSync(import.meta.filename);
  const fd = openSync(import.meta.filename, 'r');
  onTestFinished(() => closeSync(fd));
  const row = `0: 0100007F:ECB7 00000000:0000 0A 00000000:00000003 00:00000000 00000000 0 0 ${ino} 1`;
  const clock = new FakeClock();
  let asked = 0;
  const reader = new WaitReader(async () => {
    asked++;
    return SS;
  }, clock);
  const url = 'http://127.0.0.1:60599';
  const read = async (patience: 'now' | 'known') => {
    const rows = new ListeningRows(() => `  sl  local_address\n   ${row}\n`);
    return (await reader.read([{ fd, url }], rows, patience)).get(url);
  };
  return { read, clock, asked: () => asked };
}

it('a scrape does not wait for ss: it gets what was asked for behind one before it, every 10 seconds at most', async () => {
  const { read, clock, asked } = reading();
  expect(await read('known')).toBeNull();
  expect(await read('known')).toBeNull();
  expect(asked()).toBe(0);
  await clock.advance(50);
  expect([await read('known'), asked()]).toEqual([320, 1]);
  await clock.advance(9000);
  expect([await read('known'), asked()]).toEqual([320, 1]);
  await clock.advance(2000);
  expect(await read('known')).toBe(320);
  await clock.advance(50);
  expect(asked()).toBe(2);
  // Nobody has asked for a minute.
  await clock.advance(61_000);
  expect(await read('known')).toBeNull();
});

it('who is to be told of now waits for ss, which is asked once a second at most', async () => {
  const { read, clock, asked } = reading();
  expect([await read('now'), await read('now'), asked()]).toEqual([320, 320, 1]);
  await clock.advance(1001);
  await read('now');
  expect(asked()).toBe(2);
});
