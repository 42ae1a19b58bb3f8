import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ask } from '../support/http-client.ts';
import { problemsOf } from '../support/records.ts';
import { type Running, serve } from '../support/tsunicorn.ts';
import { upgrade } from '../support/upgrade.ts';

const APP = `
import { existsSync } from 'node:fs';
if (existsSync('broken')) throw new Error('no database');
export default (request, response) => {
  if (request.url === '/throw') throw new Error('no books');
  if (request.url === '/uncaught') setTimeout(() => { throw new Error('too late'); });
  response.end('answered');
};
`;

/** The records so far, each as it is. */
function records(running: Running): Record<string, unknown>[] {
  const lines = running.stderr.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line));
}

/** Resolves with the first record of that event since `from`. */
async function recorded(running: Running, event: string, from = 0): Promise<Record<string, unknown>> {
  const found = () =>
    records(running)
      .slice(from)
      .find((record) => record.event === event);
  await running.waitFor(() => found() !== undefined, `a record of ${event}`);
  return found() ?? {};
}

it('each line of a service’s life is a record that the tables know, with the pid of whom it is about', async () => {
  const files = { 'app.mjs': APP, 'tsunicorn.config.json': '{"workers": 2}' };
  const args = ['app.mjs', '--log-format', 'json', '--log-level', 'debug'];
  const running = await serve(args, { files, rootWarning: 'kept' });
  const inCwd = (name: string) => join(running.cwd, name);
  await running.waitForWorkers(2);

  await ask({ url: running.at, path: '/throw' });
  const place = expect.objectContaining({ file: inCwd('app.mjs'), line: 5 });
  expect(await recorded(running, 'application-failed')).toMatchObject({
    ...{ level: 'error', reason: 'no books', place },
    request: { method: 'GET', path: '/throw' },
    worker: { generation: 1 },
  });

  writeFileSync(inCwd('tsunicorn.config.json'), '{"workers": "x"}');
  running.signal('SIGHUP');
  expect(await recorded(running, 'reload-refused')).toMatchObject({ generation: 2, pid: running.pid });

  writeFileSync(inCwd('tsunicorn.config.json'), '{"workers": 2}');
  writeFileSync(inCwd('broken'), '');
  running.signal('SIGHUP');
  const undone = await recorded(running, 'reload-undone');
  expect(undone).toMatchObject({ generation: 3, cause: 'boot', worker: { generation: 3 }, exitStatus: 4 });
  expect(undone.pid).not.toBe(running.pid);

  running.signal('SIGUSR2');
  expect(await recorded(running, 'upgrade-failed')).toMatchObject({ exitStatus: 4, pid: running.pid });
  rmSync(inCwd('broken'));
  running.signal('SIGHUP');
  expect(await recorded(running, 'reload-promoted')).toMatchObject({ generation: 4 });
  await running.waitForWorkers(2);

  const newArbiter = await upgrade(running);
  process.kill(newArbiter, 'SIGTERM');
  expect(await recorded(running, 'upgrade-rolled-back')).toMatchObject({
    arbiter: newArbiter,
    exitStatus: 0,
    level: 'info',
  });

  const before = records(running).length;
  const workers = await running.waitForWorkers(2);
  for (const pid of workers) process.kill(pid, 'SIGKILL');
  expect(await recorded(running, 'worker-exited', before)).toMatchObject({
    ...{ level: 'error', cause: 'signal', signal: 'SIGKILL' },
    pid: expect.toSatisfy((pid: number) => workers.includes(pid)),
  });
  expect(await recorded(running, 'nobody-serves', before)).toMatchObject({
    phase: 'begins',
    workers: { wanted: 2, ready: 0 },
    causes: { signal: 2 },
  });
  await ask({ url: running.at, path: '/uncaught' });
  expect(await recorded(running, 'uncaught', before)).toMatchObject({
    reason: 'too late',
    place: { line: 6 },
  });

  running.signal('SIGTERM');
  await running.end();
  expect(records(running).at(-1)).toMatchObject({ event: 'stopped', exitStatus: 0 });
  expect(running.stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'))).toEqual([]);
  expect(records(running).flatMap(problemsOf)).toEqual([]);
});
