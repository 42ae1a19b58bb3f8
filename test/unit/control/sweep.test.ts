import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sweep } from '../../../src/control/sweep.ts';

const directory = mkdtempSync(join(tmpdir(), 'sweep-'));
const LATER_MS = 120_000;

/** A socket of that name, at which nobody listens any more. */
async function stale(name: string, mode = 0o600) {
  const path = join(directory, 'bound');
  const server = createServer().listen(path);
  await once(server, 'listening');
  chmodSync(path, mode);
  renameSync(path, join(directory, name));
  server.close();
  await once(server, 'close');
}

it('what a killed service with a name has left goes, in our own directory, and nothing else does', async () => {
  const living = createServer().listen(join(directory, 'alive.sock'));
  await once(living, 'listening');
  chmodSync(join(directory, 'alive.sock'), 0o600);
  for (const name of ['shop.sock', '4194305.sock', 'shop.sock.4194305', 'other']) await stale(name);
  await stale('app.sock', 0o777);
  writeFileSync(join(directory, 'file.sock'), '', { mode: 0o600 });
  const left = () => readdirSync(directory).toSorted();
  const others = ['alive.sock', 'app.sock', 'file.sock', 'other'];

  sweep(directory, true);
  await expect.poll(left).toEqual([...others, 'shop.sock']);
  sweep(directory, false, Date.now() + LATER_MS);
  sweep(directory, true, Date.now() + LATER_MS);
  await expect.poll(left).toEqual(others);
  living.close();
});
