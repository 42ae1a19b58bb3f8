import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ctl, told } from '../support/control.ts';
import { onTestFinished } from '../support/current-test.ts';
import { ask as request } from '../support/http-client.ts';
import { deadlineMs } from '../support/patience.ts';
import { built, serve, temporaryDirectory } from '../support/tsunicorn.ts';

const APP = (answer: string) => `
export const app = (request, response) => {
  response.statusCode = ${answer};
  response.end();
};`;

interface Fleet {
  readonly directory: string;
  readonly hosts: readonly Awaited<ReturnType<typeof serve>>[];
  /** Lays another application before the service of that host. */
  readonly deploy: (index: number, app: string) => void;
  /** The path of its control socket, in which a shell finds much to misunderstand. */
  readonly socket: (index: number) => string;
}

/** Services that stand for hosts, and `ssh`, a command that stands for ssh: its host is a directory here. */
async function fleet(count: number): Promise<Fleet> {
  const directory = temporaryDirectory();
  const names = Array.from({ length: count }, (_, index) => `web${index}`);
  const socket = (index: number) => join(directory, `web${index}`, "it's $(here).sock");
  for (const name of names) {
    mkdirSync(join(directory, name));
    writeFileSync(join(directory, name, 'app.mjs'), APP('200'));
  }
  const script = (name: string, text: string) => {
    writeFileSync(join(directory, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(directory, name), 0o755);
  };
  mkdirSync(join(directory, 'bin'));
  script('bin/tsunicornctl', `exec '${process.execPath}' '${join(built, 'bin/tsunicornctl.js')}' "$@"`);
  // As a login shell does, it greets.
  script('ssh', 'cd "$1" || exit 255; echo "Welcome to $1"; PATH=$PWD/../bin:$PATH exec sh -c "$2"');
  const lines = names.map((name, index) => `${name} --socket "${socket(index).replace('$', '\\$')}" # one`);
  writeFileSync(join(directory, 'hosts.txt'), lines.join('\n'));
  const hosts = await Promise.all(
    names.map((name, index) =>
      serve(['app.mjs:app', '--workers', '1', '--control-socket', socket(index)], {
        cwd: join(directory, name),
      }),
    ),
  );
  const deploy = (index: number, app: string) =>
    writeFileSync(join(directory, `web${index}`, 'app.mjs'), app);
  return { directory, hosts, deploy, socket };
}

/** Runs `tsunicornctl roll` from the directory of the fleet. */
function roll({ directory }: Fleet, ...more: readonly string[]) {
  const ssh = join(directory, 'ssh');
  // The hosts are directories of the one where the command stands for ssh.
  return ctl(['roll', join(directory, 'hosts.txt'), '--ssh', `env -C ${directory} ${ssh}`, ...more]);
}

/** One request after the other, until the test ends. */
function load(url: string): void {
  let isOver = false;
  const sent = (async () => {
    while (!isOver) {
      await request({ url }).catch(() => {});
      await pause(20);
    }
  })();
  onTestFinished(async () => {
    isOver = true;
    await sent;
  });
}

it('one host after the other is reloaded and watched, and a host that fails stops it', async () => {
  const web = await fleet(3);
  for (const { at } of web.hosts) load(at);
  const generations = () =>
    Promise.all(web.hosts.map(async (_, index) => (await told(web.socket(index), 'status')).generation));

  const rehearsed = await roll(web, '--dry-run');
  expect(rehearsed).toMatchObject({ status: 0, stdout: expect.stringMatching(/web2 +untouched +1/) });
  expect(await generations()).toEqual([1, 1, 1]);

  const all = await roll(web, '--window', '1', '--max-p99', 'none', '--json');
  expect(all, all.stderr).toMatchObject({ status: 0 });
  expect(JSON.parse(all.stdout)).toMatchObject({ schema: 1, outcome: 'done', reason: null });
  for (const host of JSON.parse(all.stdout).hosts) {
    expect(host).toMatchObject({ state: 'done', generation: 2, errorRate: 0, reason: null });
    expect(host.requests).toBeGreaterThan(0);
  }
  expect(all.stderr).toMatch(
    /web0: 1 of 3\n(?:.*\n)*web0: \d+ requests? in 1 s, 0% failed, .*\nweb1: 2 of 3\n/,
  );

  // What a deploy breaks is undone by the service itself.
  web.deploy(1, 'throw new Error("no luck")');
  const broken = await roll(web, '--window', '1', '--max-p99', 'none');
  expect(broken).toMatchObject({
    status: 4,
    stdout: expect.stringMatching(/web0 +done +3 .*\nweb1 +undone .*\nweb2 +untouched /),
    stderr: expect.stringMatching(/stopped: web1: undone, what served before keeps serving: .*no luck/),
  });
  expect(await generations()).toEqual([3, 2, 2]);

  // What boots, and answers with errors, is seen in its window.
  web.deploy(1, APP('500'));
  const erring = await roll(web, '--window', '1', '--max-p99', 'none');
  expect(erring).toMatchObject({
    status: 7,
    stdout: expect.stringMatching(/web0 +done +4 .*\nweb1 +unhealthy +\d .*\nweb2 +untouched /),
    stderr: expect.stringMatching(
      /stopped: web1: .*% of its requests failed, more than 1% \(--max-error-rate\)/,
    ),
  });
  expect((await generations())[2]).toBe(2);
});

it('an upgrade is rolled too, and the thresholds hold for the latency', async () => {
  const web = await fleet(1);
  load(web.hosts[0]?.at ?? '');
  const pidOf = async () => (await told(web.socket(0), 'status')).pid;
  const old = await pidOf();
  onTestFinished(async () => {
    process.kill(await pidOf(), 'SIGTERM');
  });
  const upgraded = await roll(web, '--upgrade', '--window', '0.5', '--max-p99', 'none');
  expect(upgraded, upgraded.stderr).toMatchObject({ status: 0, stdout: expect.stringMatching(/web0 +done/) });
  expect(await pidOf()).not.toBe(old);
  web.deploy(0, 'export const app = (request, response) => setTimeout(() => response.end(), 60);');
  expect(await roll(web, '--window', '1', '--max-p99', '30')).toMatchObject({
    status: 7,
    stderr: expect.stringMatching(/stopped: web0: its p99 was \S+, more than 30ms \(--max-p99\)/),
  });
});

it('Ctrl-C ends it, and it says how it is with each host', async () => {
  const web = await fleet(2);
  web.deploy(0, 'await new Promise((resolve) => setTimeout(resolve, 600_000)); export const app = 1;');
  const child = spawn(
    process.execPath,
    [...[join(built, 'bin/tsunicornctl.js'), 'roll', 'hosts.txt', '--ssh', './ssh']],
    { cwd: web.directory, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const closed = once(child, 'close');
  await expect
    .poll(() => stderr, { timeout: deadlineMs() })
    .toMatch(/web0: .*its first worker .* is booting/);
  child.kill('SIGINT');
  expect(await closed).toEqual([130, null]);
  expect(stdout).toMatch(/web0 +unknown .* its change goes on; .*\nweb1 +untouched /);
});

it('a host that cannot be reached, or has no tsunicornctl, is named with the cure', async () => {
  const web = await fleet(1);
  const write = (text: string) => writeFileSync(join(web.directory, 'hosts.txt'), text);
  write('nowhere');
  expect(await roll(web)).toMatchObject({
    status: 3,
    stderr: expect.stringMatching(/stopped: nowhere: it cannot be reached: .*nowhere/),
  });
  write('web0 --ctl /opt/none');
  expect(await roll(web, '--dry-run')).toMatchObject({
    status: 3,
    stderr: expect.stringMatching(
      /cannot begin: web0: there is no \/opt\/none there .*give its path with --ctl/,
    ),
  });
  write('web0 --socket none.sock');
  expect(await roll(web)).toMatchObject({
    status: 3,
    stderr: expect.stringMatching(/stopped: web0: tsunicornctl: none\.sock: there is no such socket/),
  });
  write('# web0\n-oProxyCommand=id');
  expect(await roll(web)).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/hosts\.txt:2: -oProxyCommand=id: a host does not begin with -/),
  });
  write('web0');
  expect(await ctl(['roll', join(web.directory, 'hosts.txt'), '--ssh', '/nowhere/ssh'])).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/\/nowhere\/ssh: there is no such command; install it, or name another/),
  });
});
