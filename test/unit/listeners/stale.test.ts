import { once } from 'node:events';
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { removeAbandoned } from '../../../src/listeners/stale.ts';
import { temporaryDirectory } from '../../support/tsunicorn.ts';

const pathIn = () => join(temporaryDirectory(), 'app.sock');

async function listenOn(path: string): Promise<net.Server> {
  const server = net.createServer().listen(path);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return server;
}

it('removes the file of a socket that nobody has any more', async () => {
  const path = pathIn();
  const server = await listenOn(`${path}.live`);
  renameSync(`${path}.live`, path);
  await new Promise((closed) => server.close(closed));
  expect([await removeAbandoned(path), existsSync(path)]).toEqual([true, false]);
});

it('leaves a socket alone that lives, and connects to none', async () => {
  const path = pathIn();
  const server = await listenOn(path);
  let connections = 0;
  server.on('connection', () => connections++);
  expect(await removeAbandoned(path)).toBe(false);
  const bound = new net.BoundSocket({ path: `${path}.bound` });
  onTestFinished(() => bound.close());
  expect(await removeAbandoned(`${path}.bound`)).toBe(false);
  expect([existsSync(path), existsSync(`${path}.bound`), connections]).toEqual([true, true, 0]);
});

it.each([['a file'], ['nothing']])('leaves %s alone', async (what) => {
  const path = pathIn();
  if (what === 'a file') writeFileSync(path, '');
  expect([await removeAbandoned(path), existsSync(path)]).toEqual([false, what === 'a file']);
});
