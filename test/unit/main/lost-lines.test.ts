import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { LostFrom } from '../../../src/arbiter/workers/lost-requests.ts';
import { FollowingLog } from '../../../src/main/logs.ts';
import { lostLines } from '../../../src/main/lost-lines.ts';
import { FakeLogger } from '../../support/fake-logger.ts';
import { loadedWith } from '../../support/fake-service.ts';
import { temporaryDirectory } from '../../support/tsunicorn.ts';

const flight = {
  ...{ id: 1, method: 'GET', url: '/lost', cut: false, remote: '127.0.0.1', protocol: 'HTTP/1.1' },
  ...{ requestId: '', traceId: '' },
  ...{ startedMs: 0, status: 0, ended: false, bytes: 0 },
};

function write(accessLogfile: string): FakeLogger {
  const log = new FakeLogger();
  const loaded = loadedWith({ accessLogfile, accessLogformat: '%(r)s %(X)s' });
  const from: LostFrom = {
    ...{ pid: 7, slot: 0, age: 1, generation: 1 },
    origin: { number: 1, loaded, hooks: {}, listeners: [] },
  };
  lostLines(
    new FollowingLog({ log, close: async () => {}, alsoTrouble: () => {}, setLevel: () => {} }),
  ).write(from, [flight, flight], 'SIGKILL');
  return log;
}

it('writes a line for each request of a worker that was killed', () => {
  const file = join(temporaryDirectory(), 'access.log');
  expect(write(file).lines).toEqual([]);
  expect(readFileSync(file, 'utf8')).toBe('GET /lost HTTP/1.1 SIGKILL\n'.repeat(2));
});

it.each([
  ['is full', '/dev/full', /2 access log line\(s\) .* to \/dev\/full: ENOSPC/],
  ['cannot be opened', '/nowhere/access.log', /2 access log line\(s\) .* to \/nowhere\/access\.log: ENOENT/],
])('says how many lines are lost where the log %s', (_what, file, line) => {
  expect(write(file).lines.map(({ message }) => message)).toEqual([expect.stringMatching(line)]);
});
