import { existsSync, readdirSync, readFileSync, readlinkSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { beside, get } from '../support/client.ts';
import { app, type Running, start } from '../support/tsunicorn.ts';

const puppet = app('puppet.ts:app');
const LOGS = ['server.log', 'access.log'] as const;

describe('USR1 after the log files were moved away', () => {
  it('has the arbiter and every worker open new ones, and no line is lost', async () => {
    const args = [
      '--error-logfile',
      'server.log',
      '--access-logfile',
      'access.log',
      '--access-logformat',
      '%(r)s',
    ];
    const running = start([puppet, '-w', '2', '-b', '127.0.0.1:0', ...args], { files: {} });
    const read = (name: string) => textOf(running, name);
    const [, url = ''] = await running.waitFor(
      () => /Listening at: (\S+) /.exec(read('server.log')),
      'the address in the log file',
    );
    const workers = await running.waitForWorkers(2);
    const load = countedLoad(url);
    await running.waitFor(() => read('access.log'), 'a line in the access log');

    for (const name of LOGS) renameSync(join(running.cwd, name), join(running.cwd, `${name}.1`));
    running.signal('SIGUSR1');
    const everybody = [running.pid, ...workers];
    const reopened = join(running.cwd, 'server.log');
    const haveOneOnly = (files: readonly string[]) =>
      !files.some(isMoved) && files.filter((file) => file === reopened).length === 1;
    await running.waitFor(
      () => everybody.every((pid) => haveOneOnly(openFiles(pid))),
      'everybody to let go of the old files, and to have the new one once',
    );
    expect(LOGS.map((name) => existsSync(join(running.cwd, name)))).toEqual([true, true]);
    const moved = LOGS.map((name) => read(`${name}.1`));
    await running.waitFor(() => read('access.log'), 'a line in the new access log');
    const answered = await load.stop();
    running.signal('SIGTERM');
    expect(await running.end()).toEqual({ status: 0, signal: null });

    expect(LOGS.map((name) => read(`${name}.1`))).toEqual(moved);
    const lines = `${read('access.log.1')}${read('access.log')}`.trimEnd().split('\n');
    expect(lines.toSorted()).toEqual(answered.map((path) => `GET ${path} HTTP/1.1`).toSorted());
    expect(read('server.log.1')).toMatch(/Starting tsunicorn/);
    expect(read('server.log')).toMatch(/Handling signal: term/);
    expect(running.workers()).toEqual([]);
  });
});

function isMoved(file: string): boolean {
  return file.endsWith('.log.1');
}

function textOf(running: Running, name: string): string {
  const path = join(running.cwd, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** The paths of what a process has open; the kernel shows a renamed file under its new name. */
function openFiles(pid: number): readonly string[] {
  const directory = `/proc/${pid}/fd`;
  return readdirSync(directory).flatMap((fd) => {
    try {
      return [readlinkSync(join(directory, fd))];
    } catch {
      // It was closed meanwhile.
      return [];
    }
  });
}

/** Four clients, each path asked for once; stop() resolves with the paths that were answered. */
function countedLoad(url: string): { stop(): Promise<readonly string[]> } {
  const stop = new AbortController();
  const paths: string[] = [];
  const client = async () => {
    while (!stop.signal.aborted) {
      const path = `/${paths.length}`;
      paths.push(path);
      await get(url, path);
      await turn();
    }
  };
  const clients = beside([client(), client(), client(), client()]);
  return {
    async stop() {
      stop.abort();
      await clients;
      return paths;
    },
  };
}
