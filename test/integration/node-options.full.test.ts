import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../support/command.ts';
import { ask } from '../support/http-client.ts';
import { type Running, serve, start, temporaryDirectory } from '../support/tsunicorn.ts';

/** Starts Node with these options of its own before our script. */
const withOptions = (...options: readonly string[]) => [
  'sh',
  '-c',
  `node=$0; script=$1; shift; exec "$node" ${options.map((option) => `'${option}'`).join(' ')} "$script" "$@"`,
];

const APP = `if (!globalThis.preloaded) throw new Error('not preloaded');
export default (request, response) => {
  const { execArgv, debugPort } = process;
  response.end(JSON.stringify({ preloaded: globalThis.preloaded, execArgv, debugPort, cwd: process.cwd() }));
};\n`;

/** `pre.mjs` where the command is given, the application in a directory below. */
function twoDirectories(): string {
  const cwd = temporaryDirectory({ 'pre.mjs': "globalThis.preloaded = 'by pre.mjs';\n" });
  mkdirSync(join(cwd, 'below'));
  writeFileSync(join(cwd, 'below/app.mjs'), APP);
  return cwd;
}

async function answer(url: string) {
  return JSON.parse((await ask({ url })).body);
}

const below = ['app.mjs', '--chdir', 'below'];
const ways = [
  ['--import=', { through: withOptions('--import=./pre.mjs') }],
  ['--import in two words', { through: withOptions('--import', './pre.mjs') }],
  ['-r', { through: withOptions('-r', './pre.mjs') }],
  ['NODE_OPTIONS', { env: { NODE_OPTIONS: '--import "./pre.mjs"' } }],
] as const;

describe.each(ways)('what is preloaded by %s from where the command was given', (_way, how) => {
  it.each(['async', 'sync', 'thread'])(
    'is there for workers of class %s in another directory',
    async (kind) => {
      const cwd = twoDirectories();
      const running = await serve([...below, '-k', kind], { cwd, ...how });
      expect(await answer(running.at)).toMatchObject({ preloaded: 'by pre.mjs', cwd: join(cwd, 'below') });
      expect(running.stderr).not.toMatch(/ERROR|CRITICAL/);
    },
  );

  it('is there while the configuration is checked', async () => {
    const { status, stderr } = await run([...below, '--check-config'], { cwd: twoDirectories(), ...how });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});

it('a reload reads the configuration with the same options', async () => {
  const cwd = twoDirectories();
  const config = "export default { name: globalThis.preloaded.replaceAll(' ', '-') };\n";
  writeFileSync(join(cwd, 'tsunicorn.config.mjs'), config);
  const running = await serve(below, { cwd, through: withOptions('--import', './pre.mjs') });
  running.signal('SIGHUP');
  await running.waitForLog(/Generation 2 is ready/);
});

describe('the inspector', () => {
  const addresses = (running: Running) =>
    [...running.stderr.matchAll(/Debugger listening on ws:\/\/\S+:(\d+)\//g)].map(([, port]) => Number(port));

  it('has a port of its own in each worker, after the one of the arbiter', async () => {
    const cwd = twoDirectories();
    // A range that nothing else here uses; one that is taken costs a line of Node's, and nothing more.
    const base = 20_000 + (process.pid % 10_000);
    const through = withOptions('--import', './pre.mjs', `--inspect=${base}`);
    const running = start([...below, '-w', '2', '-b', '127.0.0.1:0'], { cwd, through });
    await running.url();
    await running.waitFor(() => addresses(running).length === 3, 'three inspectors');
    expect(addresses(running).toSorted()).toEqual([base, base + 1, base + 2]);
    running.signal('SIGHUP');
    await running.waitForLog(/Generation 2 is ready/);
    expect(running.stderr).not.toMatch(/address already in use|ERROR|CRITICAL/);
  });

  it('keeps the port that it is given where it is not asked to listen', async () => {
    const through = withOptions('--import', './pre.mjs', '--inspect-port', '9333');
    const running = await serve(below, { cwd: twoDirectories(), through });
    const { debugPort, execArgv } = await answer(running.at);
    expect(debugPort).toBe(9333);
    expect(execArgv.slice(-2)).toEqual(['--inspect-port', '9333']);
  });
});
