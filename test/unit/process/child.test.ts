import { spawn as spawnProcess } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { Generation } from '../../../src/arbiter/change/generation.ts';
import { newArbiters } from '../../../src/arbiter/change/new-arbiter.ts';
import type { ArbiterEvent } from '../../../src/arbiter/events.ts';
import { spawnWorker } from '../../../src/arbiter/workers/handle.ts';
import { WorkerRings } from '../../../src/log/ring/worker-rings.ts';
import { readSettings } from '../../../src/main/read-settings.ts';
import { tryApplication } from '../../../src/main/trial.ts';
import { type Spawn, startChild } from '../../../src/process/child.ts';
import { systemdNotify } from '../../../src/process/systemd/systemd-notify.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { loadedWith } from '../../support/fake-service.ts';
import { fakeSpawn, type SpawnFailure } from '../../support/fake-spawn.ts';

const node = { command: [process.execPath, '-e', '0'] } as const;

/** What startChild() says where nothing is started. */
function problem(spawn: Spawn, spec: Parameters<typeof startChild>[1] = node): Promise<string> {
  return new Promise((resolve, reject) => {
    if (startChild(spawn, spec, resolve)) reject(new Error('it was started'));
  });
}

const FAILURES: readonly (readonly [SpawnFailure, RegExp])[] = [
  ['EMFILE', /^the limit of open files of this process is reached \(EMFILE\); raise it/],
  ['ENFILE', /^the limit of open files of this machine is reached \(ENFILE\); raise fs\.file-max/],
  ['EAGAIN', /^the limit of processes is reached \(EAGAIN\); raise it/],
  ['ENOMEM', /^there is no memory left for another process \(ENOMEM\); run fewer workers/],
  ['E2BIG', /^its arguments and its environment are too long for the system \(E2BIG\); shorten/],
  ['ENOENT', /^\/\S*node is gone; restart with the Node that is installed now$/],
  ['EACCES', /^\/\S*node cannot be executed \(EACCES\); give this user permission to execute it$/],
];

describe('a process that the system does not start', () => {
  it.each(FAILURES)('is explained in one line with its cure: %s', async (code, line) => {
    expect(await problem(fakeSpawn(code).spawn)).toMatch(line);
  });

  it('comes without a child, and later than the call, whatever way Node tells of it', async () => {
    for (const [code] of FAILURES) {
      let said = 0;
      const child = startChild(fakeSpawn(code).spawn, node, () => {
        said++;
      });
      expect([code, child, said]).toEqual([code, null, 0]);
      await new Promise(setImmediate);
      expect([code, said]).toEqual([code, 1]);
    }
  });

  it('is explained by its working directory, where that is to blame', async () => {
    expect(await problem(spawnProcess, { ...node, cwd: '/nowhere/at/all' })).toBe(
      'the working directory /nowhere/at/all is gone; create it again, or restart elsewhere',
    );
  });

  it('is explained by the file, where that is missing or no program', async () => {
    expect(await problem(spawnProcess, { command: ['/nowhere/node'], cwd: '/' })).toBe(
      '/nowhere/node is gone; install it again',
    );
    expect(await problem(spawnProcess, { command: [import.meta.filename], cwd: '/' })).toBe(
      `${import.meta.filename} cannot be executed (EACCES); give this user permission to execute it`,
    );
  });

  it('is explained where the system throws', async () => {
    expect(await problem(spawnProcess, { ...node, env: { LONG: 'x'.repeat(1 << 20) } })).toMatch(/E2BIG/);
  });
});

describe('a process that is started', () => {
  it('needs no listener for errors: a signal that comes too late harms nobody', async () => {
    const abort = new AbortController();
    const child = startChild(spawnProcess, { ...node, signal: abort.signal, stdio: 'ignore' }, () => {});
    abort.abort();
    if (child) await once(child, 'exit');
    expect(child?.pid).toBeGreaterThan(0);
  });
});

const generation: Generation = {
  number: 1,
  loaded: loadedWith({ app: 'app.ts:app' }),
  hooks: {},
  listeners: [],
};
const settled = () => new Promise(setImmediate);

describe.each(FAILURES)('where no process can be started (%s)', (code, line) => {
  const { spawn } = fakeSpawn(code);
  const means = { spawn, clock: new FakeClock() };
  const reason = new RegExp(line.source.replace(/^\^|\$$/g, '').replace('node', '\\S*'));

  it('a worker that could not be started ends once, and takes messages until that is known', async () => {
    const events: ArbiterEvent[] = [];
    const emit = (event: ArbiterEvent) => void events.push(event);
    const worker = spawnWorker(
      { age: 7, slot: 0, number: 0, generation, now: 0, emit },
      { ...means, environment: {} },
    );
    worker.send({ tsunicorn: 'quit' });
    worker.kill('SIGKILL');
    expect(worker.pid).toBe(0);
    expect(events).toEqual([]);
    await settled();
    const error = expect.stringMatching(reason);
    expect(events).toEqual([{ type: 'exit', worker: 7, end: { how: 'unstarted', error } }]);
  });

  it('a worker that could not be started leaves no ring', async () => {
    const rings = new WorkerRings();
    const options = { age: 7, slot: 0, number: 0, generation, now: 0, emit: () => {} };
    spawnWorker(options, { ...means, environment: {}, rings });
    expect(rings.all).toHaveLength(1);
    await settled();
    expect(rings.all).toEqual([]);
  });

  it('an upgrade ends before it has started', async () => {
    const events: ArbiterEvent[] = [];
    const start = { argv: [], env: {}, cwd: '/', namedCwd: '/' };
    const count = { count: 1, setting: 1, followsLoad: false };
    const handed = { listeners: [], workerCount: count };
    newArbiters(spawn).start(start, handed, (event) => void events.push(event));
    await settled();
    const error = expect.stringMatching(reason);
    expect(events).toEqual([{ type: 'upgradeEnded', end: { how: 'unstarted', error } }]);
  });

  it('a reload is refused', async () => {
    const input = { argv: [], env: {}, cwd: '/', sockets: [] };
    await expect(readSettings(input, new AbortController().signal, means)).rejects.toThrow(reason);
  });

  it('the check of a configuration says so', async () => {
    await expect(
      tryApplication({ generation, slot: 0, number: 0 }, { ...means, base: {}, asks: false }),
    ).rejects.toThrow(reason);
  });

  it('systemd is not told, and tried again but where there is no such command', async () => {
    const failure = await systemdNotify({ NOTIFY_SOCKET: '/run/notify', PATH: process.env.PATH }, {}, spawn);
    expect(failure?.forGood).toBe(code === 'ENOENT');
    if (code !== 'ENOENT') expect(failure?.reason).toMatch(/^systemd-notify: \S/);
  });
});
