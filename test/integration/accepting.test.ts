import { once } from 'node:events';
import { readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { addressOf, request } from '../support/load.ts';
import { app, type Running, type StartOptions, serve, temporaryDirectory } from '../support/tsunicorn.ts';

interface Bind {
  readonly args: readonly string[];
  readonly options?: StartOptions;
  /** Where clients connect; where there is nothing, where it says it listens. */
  readonly urls?: readonly string[];
}

/** A connection that is kept would take the place of another. */
const closing = new http.Agent({ keepAlive: false });
const held = app('held.ts:app');
const kinds: readonly (readonly [string, () => Bind])[] = [
  ['a TCP socket', () => ({ args: ['-b', '127.0.0.1:0'] })],
  ['a Unix socket', () => ({ args: ['-b', `unix:${join(temporaryDirectory(), 'app.sock')}`] })],
  ['an abstract socket', () => ({ args: ['-b', `unix:@accepting-${process.pid}-${Math.random()}`] })],
  ['an inherited Unix socket', () => inherited()],
  ['a Unix socket that systemd passed', () => passed(1)],
  ['two Unix sockets that systemd passed', () => passed(2)],
  ['a TCP and two Unix sockets', () => mixed()],
];

function boundUnix(): { readonly path: string; readonly fd: number } {
  const path = join(temporaryDirectory(), 'app.sock');
  const socket = new net.BoundSocket({ path });
  onTestFinished(() => socket.close());
  return { path, fd: socket.fd() };
}

function inherited(): Bind {
  const { path, fd } = boundUnix();
  return { args: ['-b', 'fd://3'], options: { inherit: [fd] }, urls: [`unix:${path}`] };
}

/** As systemd does: LISTEN_PID is the process itself, which a shell knows before it becomes tsunicorn. */
function passed(count: number): Bind {
  const sockets = Array.from({ length: count }, boundUnix);
  const through = ['/bin/sh', '-c', `LISTEN_PID=$$ LISTEN_FDS=${count} exec "$@"`, 'sh'];
  return {
    args: ['-b', '127.0.0.1:0'],
    options: { inherit: sockets.map(({ fd }) => fd), through },
    urls: sockets.map(({ path }) => `unix:${path}`),
  };
}

function mixed(): Bind {
  const directory = temporaryDirectory();
  const paths = ['one', 'two'].map((name) => `unix:${join(directory, name)}`);
  return { args: ['127.0.0.1:0', ...paths].flatMap((bind) => ['-b', bind]) };
}

async function begin(bind: Bind, ...args: string[]): Promise<{ running: Running; urls: readonly string[] }> {
  const running = await serve([held, ...bind.args, ...args], { cwd: temporaryDirectory(), ...bind.options });
  const [, all = ''] = await running.waitForLog(/Listening at: (.*) \(\d+\)/);
  return { running, urls: bind.urls ?? all.split(', ') };
}

/** So many more requests that are held until `release`, once each has begun. */
async function holdRequests(running: Running, urls: readonly string[], count: number) {
  const answers: Promise<string>[] = [];
  while (answers.length < count) {
    const before = begun(running);
    answers.push(request({ url: at(urls, before), path: '/hold' }, closing));
    await running.waitFor(() => begun(running) > before, `${before + 1} requests to begin`);
  }
  return answers;
}

const begun = (running: Running) => running.stderr.split('/hold\n').length - 1;
const at = (urls: readonly string[], index: number) => urls[index % urls.length] ?? '';

function release({ cwd }: Running): void {
  writeFileSync(join(cwd, 'release'), '');
}

function socketsOf(pids: readonly number[]): number {
  const directories = pids.map((pid) => `/proc/${pid}/fd`);
  const all = directories.flatMap((directory) => readdirSync(directory).map((fd) => join(directory, fd)));
  return all.filter(isSocket).length;
}

function isSocket(path: string): boolean {
  try {
    return readlinkSync(path).startsWith('socket:');
  } catch {
    // Closed meanwhile.
    return false;
  }
}

const cases = [
  ...kinds.map((kind) => ['async', ...kind] as const),
  ...(['thread', 'sync'] as const).flatMap((name) => kinds.slice(-2).map((kind) => [name, ...kind] as const)),
];

describe('a full worker', () => {
  it.each(cases)(
    'of class %s accepts nothing from %s, which is for one that has room',
    async (name, _kind, bind) => {
      const threads = name === 'thread' ? ['--threads', '2'] : [];
      const limit = name === 'sync' ? 1 : 2;
      const args = ['-k', name, '-w', '2', '--worker-connections', String(limit), ...threads];
      const { running, urls } = await begin(bind(), ...args);
      await running.waitForLog(/(Booting worker[\s\S]*){2}/);
      const slow = await holdRequests(running, urls, limit * 2 - 1);
      const quick = await Promise.all(
        Array.from({ length: 12 }, (_, index) => request({ url: at(urls, index) }, closing)),
      );
      expect(quick).toEqual(Array(12).fill('200'));

      slow.push(...(await holdRequests(running, urls, 1)));
      const before = socketsOf(running.workers());
      const waiting = Array.from({ length: 20 }, (_, index) => knock(at(urls, index)));
      await Promise.all(waiting.map(({ connected }) => connected));
      // Their loops turn meanwhile, as they look for the file every 5 ms.
      for (let looks = 0; looks < 10; looks++) {
        await later(10);
        expect(socketsOf(running.workers())).toBe(before);
      }
      for (const { socket } of waiting) socket.destroy();
      release(running);
      expect(await Promise.all(slow)).toEqual(slow.map(() => '200'));
      expect(await request({ url: at(urls, 0) }, closing)).toBe('200');
    },
  );
});

function knock(url: string): { readonly socket: net.Socket; readonly connected: Promise<unknown> } {
  const socket = net.connect(addressOf(url));
  onTestFinished(() => void socket.destroy());
  const connected = once(socket, 'connect');
  // It is reset when the service ends.
  socket.on('error', () => {});
  return { socket, connected };
}
