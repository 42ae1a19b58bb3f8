import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { run } from '../support/command.ts';
import { ask } from '../support/http-client.ts';
import { PROGRAM_MS } from '../support/patience.ts';
import { asRoot, withTool } from '../support/tools.ts';
import { app, serve, temporaryDirectory } from '../support/tsunicorn.ts';

const it = asRoot();
const whoami = app('whoami.ts:app');
const NOBODY = Number(execFileSync('id', ['-u', 'nobody'], { encoding: 'utf8' }));

const COMPILER = 'gcc';

/** What a preload writes of each process that runs it. */
const PRELOAD = `require('node:fs').appendFileSync(__dirname + '/uids', process.getuid() + '\\n');\n`;

const ENV_FILE = { vars: 'NODE_OPTIONS="-r ./pre.cjs"\n' };

/** The same before main() of any program at all. */
const LIBRARY = `#include <stdio.h>
#include <unistd.h>
__attribute__((constructor)) static void loaded(void) {
  FILE *uids = fopen(UIDS, "a");
  if (uids) { fprintf(uids, "%d\\n", (int)geteuid()); fclose(uids); }
}\n`;

function directoryOfAll(files: Readonly<Record<string, string>> = {}): string {
  const cwd = temporaryDirectory({ 'pre.cjs': PRELOAD, uids: '', ...files });
  chmodSync(cwd, 0o755);
  chmodSync(join(cwd, 'uids'), 0o666);
  return cwd;
}

/** As whom the preload has run, each once. */
function preloadedAs(cwd: string): readonly number[] {
  const lines = readFileSync(join(cwd, 'uids'), 'utf8').trim().split('\n');
  return [...new Set(lines.filter(Boolean).map(Number))];
}

/** A program that writes the same itself. */
const PROGRAM = `${PRELOAD}require('node:http').createServer((req, res) => res.end()).listen(process.env.PORT);\n`;

async function servedAs(
  cwd: string,
  args: readonly string[],
  app: readonly string[] = [whoami],
): Promise<readonly number[]> {
  const running = await serve([...args, ...app], { cwd });
  expect((await ask({ url: running.at })).status).toBe(200);
  running.signal('SIGHUP');
  await running.waitForLog(/Worker exiting .*another generation/);
  running.signal('SIGTERM');
  expect(await running.end()).toEqual({ status: 0, signal: null });
  return preloadedAs(cwd);
}

const users = [
  ['--user', ['-u', 'nobody']],
  ['--initgroups', ['-u', 'nobody', '--initgroups']],
] as const;

describe.each(users)('with %s', (_name, user) => {
  it.each([
    ['NODE_OPTIONS of --env', ['-e', 'NODE_OPTIONS=-r ./pre.cjs'], {}],
    ['NODE_OPTIONS of --env, in class sync', ['-k', 'sync', '-e', 'NODE_OPTIONS=-r ./pre.cjs'], {}],
    ['NODE_OPTIONS of an env file', [], { ...ENV_FILE, 'tsunicorn.config.json': '{"envFile": ["vars"]}' }],
  ] as const)('what %s preloads runs as that user alone', async (_what, args, files) => {
    expect(await servedAs(directoryOfAll(files), [...user, ...args])).toEqual([NOBODY]);
  });

  it.each([
    ['a module', ['-e', 'NODE_OPTIONS=-r ./pre.cjs'], ['server.cjs']],
    ['npm start', [], ['npm', 'start']],
    ['node with its options', [], ['--', 'node', '-r', './pre.cjs', 'server.cjs']],
  ])('a program, and what it preloads, runs as that user alone: %s', async (_what, args, app) => {
    const manifest = JSON.stringify({ scripts: { start: 'node --require ./pre.cjs server.cjs' } });
    const cwd = directoryOfAll({ 'server.cjs': PROGRAM, 'package.json': manifest });
    expect(await servedAs(cwd, [...user, ...args], app)).toEqual([NOBODY]);
  });

  it('what is preloaded while a configuration is checked runs as that user alone', async () => {
    const cwd = directoryOfAll();
    const args = [whoami, ...user, '-e', 'NODE_OPTIONS=-r ./pre.cjs', '--check-config'];
    const { status, stdout, stderr } = await run(args, { cwd });
    expect(stdout + stderr).toMatch(/Configuration OK/);
    expect(status).toBe(0);
    expect(preloadedAs(cwd)).toEqual([NOBODY]);
  });

  withTool(COMPILER)(
    'LD_PRELOAD is loaded as that user alone, and is there for the application',
    async () => {
      if (process.getuid?.() !== 0) return;
      const cwd = directoryOfAll({ 'pre.c': LIBRARY });
      const define = `-DUIDS="${join(cwd, 'uids')}"`;
      execFileSync(COMPILER, ['-shared', '-fPIC', define, '-o', 'pre.so', 'pre.c'], {
        cwd,
        timeout: PROGRAM_MS,
      });
      const preload = ['-e', `LD_PRELOAD=${join(cwd, 'pre.so')}`];
      expect(await servedAs(cwd, [...user, ...preload])).toEqual([NOBODY]);
      writeFileSync(join(cwd, 'uids'), '');
      expect((await run([whoami, ...user, ...preload, '--check-config'], { cwd })).status).toBe(0);
      expect(preloadedAs(cwd)).toEqual([NOBODY]);
    },
  );
});

describe('what runs with the rights of root', () => {
  it('is not looked for in a PATH that the settings add', async () => {
    const cwd = directoryOfAll();
    for (const name of ['getent', 'setpriv', 'env']) {
      writeFileSync(join(cwd, name), `#!/bin/sh\necho $(id -u) >> ${cwd}/uids\nexit 1\n`, { mode: 0o755 });
    }
    const path = `PATH=${cwd}:${process.env.PATH}`;
    expect(existsSync(join(cwd, 'getent'))).toBe(true);
    expect(await servedAs(cwd, ['-u', 'nobody', '--initgroups', '-e', path])).toEqual([]);
  });
});

it('an env file on the command line whose NODE_OPTIONS Node itself obeys is refused', async () => {
  const cwd = directoryOfAll(ENV_FILE);
  const { status, stderr } = await run([whoami, '-u', 'nobody', '-b', 'unix:s', '--env-file=vars'], { cwd });
  expect(stderr).toBe(
    'tsunicorn: --env-file vars: Node itself applies its NODE_OPTIONS, as root, before anything can run as user nobody; name the file in the configuration file (envFile) or in TSUNICORN_CMD_ARGS [TSU0403]\n',
  );
  expect(status).toBe(1);
});

describe('--initgroups where setpriv cannot help', () => {
  it.each([
    [
      'is missing',
      null,
      /^tsunicorn: --initgroups: it needs the command setpriv, which is not in PATH; install/,
    ],
    [
      'is that of busybox',
      `#!/bin/sh\necho "setpriv: unrecognized option: reuid=1" >&2\necho usage >&2\nexit 1\n`,
      /^tsunicorn: --initgroups: .*\/setpriv cannot give a process its groups \(setpriv: unrecognized option: reuid=1\); install/,
    ],
  ])('as it %s, is refused in one line', async (_why, script, line) => {
    const cwd = directoryOfAll(script === null ? {} : { setpriv: script });
    if (script !== null) chmodSync(join(cwd, 'setpriv'), 0o755);
    const env = { PATH: cwd };
    const { status, stderr } = await run([whoami, '-u', 'nobody', '--initgroups', '-b', 'unix:s'], {
      cwd,
      env,
    });
    expect(stderr).toMatch(line);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(status).toBe(1);
  });
});
