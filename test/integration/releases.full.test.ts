import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { get } from '../support/client.ts';
import { type Running, root, start, temporaryDirectory } from '../support/tsunicorn.ts';

/** Releases side by side, and a link to the one that is current, as deployments with Capistrano have it. */
class Releases {
  readonly directory = temporaryDirectory();
  readonly current = join(this.directory, 'current');

  /** Makes a release and has the link lead to it. */
  deploy(name: string, files: Readonly<Record<string, string>> = {}): string {
    const release = join(this.directory, 'releases', name);
    mkdirSync(join(release, 'log'), { recursive: true });
    const app = `export default (_, res) => res.end(['${name}', process.env.REL, process.cwd()].join(' '));\n`;
    for (const [file, text] of Object.entries({ 'app.mjs': app, ...files }))
      writeFileSync(join(release, file), text);
    symlinkSync(join('releases', name), `${this.current}~`);
    renameSync(`${this.current}~`, this.current);
    return release;
  }

  /** Puts tsunicorn itself into a release; the sources, which Node runs outside of node_modules only. */
  install(name: string, version?: string): void {
    const server = join(this.directory, 'releases', name, 'server');
    for (const part of ['dist', 'package.json'])
      cpSync(join(root, part), join(server, part), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(server, 'node_modules'));
    if (version === undefined) return;
    const manifest = join(server, 'package.json');
    writeFileSync(
      manifest,
      readFileSync(manifest, 'utf8').replace(/"version": "[^"]*"/, `"version": "${version}"`),
    );
  }

  prune(name: string): void {
    rmSync(join(this.directory, 'releases', name), { recursive: true });
  }
}

/** A service in the first release, by the copy of tsunicorn in it. */
async function serveInstalled() {
  const releases = new Releases();
  releases.deploy('one', release('one'));
  releases.install('one');
  const script = join(releases.current, 'server/dist/bin/tsunicorn.js');
  const running = start(['app.mjs'], { cwd: releases.current, env: { PWD: releases.current }, script });
  return { releases, running, at: await running.url() };
}

async function body(at: string): Promise<string> {
  // Over a connection that is not kept: an old worker would wait for its next request.
  return (await get(at)).body;
}

async function reload(running: Running, generation: number): Promise<string> {
  running.signal('SIGHUP');
  const [, file = ''] = await running.waitForLog(
    new RegExp(`Generation ${generation} is ready, from (\\S+): `),
  );
  await running.waitForWorkers(1);
  return file;
}

const config = (name: string) => `export default {
  envFile: ['release.env'], accessLogfile: 'log/access.log', pid: 'app.pid', name: '${name}',
  onReload(arbiter) { arbiter.log.info('the hook of ${name}'); },
};\n`;
const release = (name: string) => ({
  'tsunicorn.config.mjs': config(name),
  'release.env': `REL=of-${name}\n`,
});

describe('HUP where the working directory is a link', () => {
  it('serves what the link leads to by then: settings, hooks, variables and files too', async () => {
    const releases = new Releases();
    const one = releases.deploy('one', release('one'));
    const running = start(['app.mjs'], { cwd: releases.current, env: { PWD: releases.current } });
    const at = await running.url();
    await running.waitForLog(new RegExp(`Serving ${one}/app.mjs`));
    expect(await body(at)).toBe(`one of-one ${one}`);

    const two = releases.deploy('two', release('two'));
    expect(await reload(running, 2)).toBe(join(two, 'app.mjs'));
    expect(await body(at)).toBe(`two of-two ${two}`);
    await running.waitForLog(/the hook of two/);
    expect(existsSync(join(one, 'app.pid'))).toBe(false);
    expect(readFileSync(join(two, 'app.pid'), 'utf8').trim()).toBe(`${running.pid}`);
    await running.waitFor(() => existsSync(join(two, 'log/access.log')), 'the access log of the new release');
    expect(readlinkSync(`/proc/${running.pid}/cwd`)).toBe(two);
    expect(readFileSync(`/proc/${running.pid}/cmdline`, 'utf8')).toContain('[two]');
  });

  it('does so too where the old release was removed before, or is after', async () => {
    const releases = new Releases();
    releases.deploy('one', release('one'));
    const running = start(['app.mjs'], { cwd: releases.current, env: { PWD: releases.current } });
    const at = await running.url();
    const two = releases.deploy('two', release('two'));
    releases.prune('one');
    await reload(running, 2);
    const three = releases.deploy('three', release('three'));
    await reload(running, 3);
    releases.prune('two');
    for (const pid of running.workers()) process.kill(pid, 'SIGKILL');
    await running.waitForLog(/SIGKILL[\s\S]*Booting worker/);
    expect(await body(at)).toBe(`three of-three ${three}`);
    expect(two).not.toBe(three);
  });

  it('is refused where the link leads nowhere', async () => {
    const releases = new Releases();
    releases.deploy('one', release('one'));
    const running = start(['app.mjs'], { cwd: releases.current, env: { PWD: releases.current } });
    const at = await running.url();
    rmSync(releases.current);
    running.signal('SIGHUP');
    await running.waitForLog(/Reload refused, .*: the working directory \S+current is gone; create it again/);
    expect(await body(at)).toMatch(/^one /);
  });

  it('knows it from the path of the command where a service manager names no directory', async () => {
    const releases = new Releases();
    const one = releases.deploy('one', release('one'));
    releases.install('one');
    const script = join(releases.current, 'server/dist/bin/tsunicorn.js');
    const running = start(['app.mjs'], { cwd: one, env: { PWD: '' }, script });
    const at = await running.url();
    const two = releases.deploy('two', release('two'));
    releases.install('two');
    await reload(running, 2);
    expect(await body(at)).toBe(`two of-two ${two}`);
  });

  it('runs our own code from the release too, so that the one that the arbiter started from may be removed', async () => {
    const { releases, running, at } = await serveInstalled();
    const two = releases.deploy('two', release('two'));
    releases.install('two');
    await reload(running, 2);
    releases.prune('one');
    for (const pid of running.workers()) process.kill(pid, 'SIGKILL');
    await running.waitForLog(/SIGKILL[\s\S]*Booting worker/);
    expect(await body(at)).toBe(`two of-two ${two}`);
    const three = releases.deploy('three', release('three'));
    releases.install('three');
    await reload(running, 3);
    expect(await body(at)).toBe(`three of-three ${three}`);
  });

  it('does so at the first reload too, when most of the code of a reload has not been loaded yet', async () => {
    const { releases, running, at } = await serveInstalled();
    const two = releases.deploy('two', { ...release('two'), 'tsunicorn.config.mjs': config('two') });
    releases.install('two');
    releases.prune('one');
    await reload(running, 2);
    expect(await body(at)).toBe(`two of-two ${two}`);
    const three = releases.deploy('three', release('three'));
    releases.install('three');
    releases.prune('two');
    await reload(running, 3);
    expect(await body(at)).toBe(`three of-three ${three}`);
  });

  it('asks for USR2 where the new release has another version of it, and the old one is gone', async () => {
    const { releases, running, at } = await serveInstalled();
    const two = releases.deploy('two', release('two'));
    releases.install('two', '99.0.0');
    await reload(running, 2);
    releases.prune('one');
    running.signal('SIGHUP');
    await running.waitForLog(/Reload refused.*was removed, and tsunicorn 99.0.0 is installed now; send USR2/);
    expect(await body(at)).toBe(`two of-two ${two}`);
    running.signal('SIGUSR2');
    const [, pid] = await running.waitForLog(/The new arbiter \(pid: (\d+)\) serves together with this one/);
    running.signal('SIGTERM');
    await running.waitForLog(/The old arbiter .* has exited/);
    expect(await body(at)).toBe(`two of-two ${two}`);
    process.kill(Number(pid), 'SIGTERM');
  });
});

it('--chdir is followed at each reload, and a worker that is replaced in between stays with the others', async () => {
  const releases = new Releases();
  const one = releases.deploy('one');
  const running = start(['app.mjs', '--chdir', releases.current], {
    cwd: releases.directory,
    env: { REL: '' },
  });
  const at = await running.url();
  const two = releases.deploy('two');
  for (const pid of running.workers()) process.kill(pid, 'SIGKILL');
  await running.waitForLog(/SIGKILL[\s\S]*Booting worker/);
  expect(await body(at)).toBe(`one  ${one}`);
  await reload(running, 2);
  expect(await body(at)).toBe(`two  ${two}`);
});
