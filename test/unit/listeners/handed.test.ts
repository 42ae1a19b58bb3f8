import { closeSync, lstatSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bindAll } from '../../../src/listeners/bind.ts';
import { adoptAll, type HandedSocket, handSockets } from '../../../src/listeners/handed.ts';
import type { Listener } from '../../../src/listeners/listener.ts';
import { type Address, expandLocalhost, hasAddress, parseAddress } from '../../../src/settings/address.ts';
import { fakeListener } from '../../support/fake-service.ts';
import { asRoot } from '../../support/tools.ts';
import { temporaryDirectory } from '../../support/tsunicorn.ts';

const addresses = (...texts: string[]) => texts.map((text) => parseAddress('--bind', text));

const adopt = (wanted: readonly Address[], from: readonly HandedSocket[]) => adoptAll(wanted, from);

function closeAll(listeners: readonly Listener[]): void {
  for (const listener of listeners) listener.close();
}

async function bound(...texts: string[]): Promise<readonly Listener[]> {
  const listeners = await bindAll(addresses(...texts));
  onTestFinished(() => closeAll(listeners));
  return listeners;
}

// Nothing here may close what it adopts: in one process the descriptor has another owner.
const handed = (listeners: readonly Listener[]): readonly HandedSocket[] =>
  handSockets(listeners).sockets.map((socket, index) => ({ ...socket, fd: listeners[index]?.fd ?? -1 }));

describe('sockets that are handed over', () => {
  it('are laid out behind the standard streams, inherited ones under the number that they have', () => {
    const listeners = [
      fakeListener('127.0.0.1:0', [], 20),
      fakeListener('fd://5', [], 30),
      fakeListener('unix:@x', [], 40),
      fakeListener('unix:@y', [], 50),
    ];
    const { sockets, fds } = handSockets(listeners);
    expect(fds).toEqual([20, 40, 30, 50]);
    expect(sockets.map(({ fd, asked }) => [fd, asked])).toEqual([
      [3, 'http://127.0.0.1:0'],
      [5, 'fd://5'],
      [4, 'unix:@x'],
      [6, 'unix:@y'],
    ]);
  });

  it('of a high number get a lower one', () => {
    const { sockets, fds } = handSockets([fakeListener('fd://100000', [], 100_000)]);
    expect([fds, sockets[0]?.fd, sockets[0]?.asked]).toEqual([[100_000], 3, 'fd://100000']);
  });
});

describe('adopting', () => {
  it.skipIf(!hasAddress('::1')).each(['127.0.0.1:0', '[::1]:0'])(
    '%s alone gives the other of localhost:0 its port',
    async (alone) => {
      const [open] = await bound(alone);
      const wanted = addresses('localhost:0').flatMap((address) => expandLocalhost(address, () => true));
      const { listeners } = await adopt(wanted, open ? handed([open]) : []);
      onTestFinished(() => closeAll(listeners.filter(({ url }) => url !== open?.url)));
      const ports = listeners.map(({ url }) => new URL(url).port);
      expect(new Set(ports)).toEqual(new Set([new URL(open?.url ?? '').port]));
      expect(handSockets(listeners).sockets.map(({ asked }) => asked)).toEqual([
        'http://127.0.0.1:0',
        'http://[::1]:0',
      ]);
    },
  );

  it('keeps the port of each bind to port 0, and takes the port itself where that is asked for', async () => {
    const listeners = await bound('127.0.0.1:0', '127.0.0.1:0');
    const [first, second] = listeners.map(({ url }) => url);
    const same = await adopt(addresses('127.0.0.1:0', '127.0.0.1:0'), handed(listeners));
    expect([same.listeners.map(({ url }) => url), same.indexes]).toEqual([
      [first, second],
      [0, 1],
    ]);
    const named = await adopt(addresses(second?.slice(7) ?? '', '127.0.0.1:0'), handed(listeners));
    expect(named.listeners.map(({ url }) => url)).toEqual([second, first]);
  });

  it.each([
    ['localhost', '127.0.0.1'],
    ['127.0.0.1', 'localhost'],
  ])('knows %s for %s', async (before, after) => {
    const listeners = await bound(`${before}:0`);
    const port = listeners[0]?.url.split(':').at(-1);
    const adopted = await adopt(addresses(`${after}:${port}`), handed(listeners));
    expect(adopted.indexes).toEqual([0]);
  });

  it('counts what is adopted as shared, and what is bound anew not', async () => {
    const { listeners } = await adopt(
      addresses('127.0.0.1:0', '127.0.0.1:0'),
      handed(await bound('127.0.0.1:0')),
    );
    onTestFinished(() => listeners[1]?.close());
    expect(listeners.map((listener) => listener.isShared())).toEqual([true, false]);
  });

  it('does not take a descriptor that is no socket', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'file'), '');
    const fd = openSync(join(directory, 'file'), 'r');
    onTestFinished(() => closeSync(fd));
    const socket = { fd, asked: 'http://127.0.0.1:0', url: 'http://127.0.0.1:9', inode: null };
    const { listeners, indexes } = await adopt(addresses('127.0.0.1:0'), [socket]);
    onTestFinished(() => closeAll(listeners));
    expect(indexes).toEqual([]);
  });
});

describe('a Unix socket that was adopted', () => {
  asRoot()(
    'stays whose it is until it is given away, and is not given where its path leads elsewhere',
    async () => {
      const path = join(temporaryDirectory(), 'app.sock');
      const listeners = await bound(`unix:${path}`);
      const owner = { uid: 65_534, gid: 65_534 };
      const { listeners: adopted } = await adoptAll(addresses(`unix:${path}`), handed(listeners), owner);
      expect(lstatSync(path).uid).toBe(0);
      adopted[0]?.giveTo?.(owner);
      expect(lstatSync(path)).toMatchObject(owner);
      rmSync(path);
      writeFileSync(path, '');
      adopted[0]?.giveTo?.(owner);
      expect(lstatSync(path).uid).toBe(0);
    },
  );
});
