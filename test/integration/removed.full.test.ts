import { cpSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { get, outcome } from '../support/client.ts';
import { isAlive, root, serve, temporaryDirectory } from '../support/tsunicorn.ts';

const app = `
export default (request, response) => {
  if (request.url === '/held') return console.error('holds a request');
  if (request.url === '/spin') for (;;);
  response.end('ok');
};
`;

it('a blocked worker is ended and explained, and its requests have their lines, although our own files were removed', async () => {
  const server = temporaryDirectory();
  for (const part of ['dist', 'package.json'])
    cpSync(join(root, part), join(server, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(server, 'node_modules'));
  const running = await serve(['app.mjs', '--timeout', '1', '--access-logfile', 'access.log'], {
    files: { 'app.mjs': app },
    script: join(server, 'dist/bin/tsunicorn.js'),
  });
  const [old = 0] = running.workers();
  const held = outcome(get(running.at, '/held'));
  await running.waitForLog(/holds a request/);
  await get(running.at, '/done');
  // All that is loaded later than the thread of the watchdog, which may still start.
  const later = /^(?:inspect-main|access-format|access-lost)-/;
  const chunks = join(server, 'dist/src/chunks');
  const removed = readdirSync(chunks).filter((file) => later.test(file));
  expect(removed.length).toBeGreaterThanOrEqual(3);
  for (const file of removed) rmSync(join(chunks, file));
  expect(await outcome(get(running.at, '/spin'))).toBe('ECONNRESET');
  expect(await held).toBe('ECONNRESET');
  await running.waitForLog(/its event loop was blocked for .* \(--timeout\); killed/);
  await running.waitForLog(/where is not known, as tsunicorn's own files cannot be loaded/);
  await running.waitForLog(/ {6}GET \/held, for [\d.]+ s, cut\n +GET \/spin, for [\d.]+ s, cut\n/);
  await running.waitFor(() => !isAlive(old), 'its end');
  const lines = () => readFileSync(join(running.cwd, 'access.log'), 'utf8').trimEnd().split('\n');
  await running.waitFor(() => lines().length >= 3, 'three lines');
  expect(lines().map((line) => /"GET (\S+) \S+" (\d+)/.exec(line)?.slice(1))).toEqual([
    ['/done', '200'],
    ['/held', '444'],
    ['/spin', '444'],
  ]);
});
