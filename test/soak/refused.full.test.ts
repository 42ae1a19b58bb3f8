import { renameSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startLoad } from '../support/load.ts';
import { slowness } from '../support/patience.ts';
import { type Running, start } from '../support/tsunicorn.ts';
import { leastReady } from './capacity.ts';

const WORKERS = 2;
const CLIENTS = 8;
const good = 'export const app = (req, res) => res.end(req.url);\n';
const bootSeconds = Math.ceil(await slowness());
const config = (more = '') =>
  `export default { workers: ${WORKERS}, bootTimeout: ${bootSeconds}, logLevel: 'debug', bind: ['unix:app.sock']${more} };\n`;

/** What a bad deploy changes, and what the log then says. */
const deploys: readonly (readonly [what: string, files: () => Promise<Files>, cause: RegExp])[] = [
  ['broken code', async () => ({ 'app.mjs': 'throw new Error("no database");\n' }), /no database/],
  ['a broken configuration', async () => ({ 'tsunicorn.config.mjs': 'export default {' }), /config\.mjs/],
  ['a taken port', takenPort, /--bind|bind/],
  [
    'a hanging import',
    async () => ({ 'app.mjs': 'await new Promise((r) => setTimeout(r, 1e6));\n' }),
    /not ready within \d+ s/,
  ],
  [
    'a failing ready-path',
    async () => ({
      'app.mjs': 'export const app = (req, res) => res.writeHead(503).end();\n',
      'tsunicorn.config.mjs': config(", readyPath: '/healthz'"),
    }),
    /\/healthz|503/,
  ],
];

type Files = Readonly<Record<string, string>>;

async function takenPort(): Promise<Files> {
  const holder = net.createServer().listen(0, '127.0.0.1');
  await new Promise((listening) => holder.once('listening', listening));
  onTestFinished(() => void holder.close());
  const { port } = holder.address() as AddressInfo;
  return { 'tsunicorn.config.mjs': config(`, bind: ['unix:app.sock', '127.0.0.1:${port}']`) };
}

function deploy(running: Running, files: Files): void {
  for (const [name, text] of Object.entries(files)) {
    // Renamed into place, so that nobody reads half a file.
    const temporary = join(running.cwd, `${name}~`);
    writeFileSync(temporary, text);
    renameSync(temporary, join(running.cwd, name));
  }
}

it.each(deploys)('a HUP onto %s costs no request and no worker', async (_what, files, cause) => {
  const before = { 'app.mjs': good, 'tsunicorn.config.mjs': config() };
  const running = start(['app.mjs:app'], { files: before });
  await running.waitForLog(/(Worker is ready[\s\S]*){2}/);
  const workers = running.workers();
  const load = startLoad({ url: `unix:${join(running.cwd, 'app.sock')}` }, CLIENTS);
  const seen = running.stderr.length;
  deploy(running, await files());
  running.signal('SIGHUP');
  const [line] = await running.waitForLog(/\[ERROR\] Reload (refused|undone).*/, seen);
  expect(line).toMatch(cause);
  await running.waitFor(() => running.workers().length === WORKERS, 'the canary to be gone');
  expect(running.workers()).toEqual(workers);
  deploy(running, before);
  running.signal('SIGHUP');
  await running.waitForLog(/Generation \d+ is ready/, seen);
  expect(await load.stop()).toMatchObject({ failures: [], refused: 0 });
  expect(leastReady(running.stderr, WORKERS)).toMatchObject({ ready: WORKERS });
});
