import { expect, it } from 'vitest';
import { longestWaitOf } from '../../../src/admin/waits.ts';

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
