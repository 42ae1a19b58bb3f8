import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../support/http-client.ts';
import { layFiles, sharedDirectory, shareServer } from '../support/shared.ts';
import { isAlive } from '../support/tsunicorn.ts';

const tells = `export default (req, res) => {
  const { SHOP, CITY, ISLAND, PORT, WEB_CONCURRENCY } = process.env;
  const environment = { SHOP, CITY, ISLAND, PORT, WEB_CONCURRENCY };
  res.end(JSON.stringify({ cwd: process.cwd(), umask: process.umask(), pid: process.pid, environment }));
};\n`;

interface Told {
  readonly cwd: string;
  readonly umask: number;
  readonly pid: number;
  readonly environment: Readonly<Record<string, string>>;
}

describe('one server with everything about its process set', () => {
  const directory = sharedDirectory({
    'shop/server.js': tells,
    'shop.env': 'CITY=Bergen\nISLAND=Askøy\nWEB_CONCURRENCY=2\n',
  });
  const shop = join(directory, 'shop');
  let staleOwner = 0;
  beforeAll(async () => {
    const gone = spawn('true', { stdio: 'ignore' });
    await once(gone, 'exit');
    staleOwner = gone.pid ?? 0;
    writeFileSync(join(shop, 'app.pid'), `${staleOwner}\n`);
  });
  const flags = '--chdir shop --env SHOP=books --env-file shop.env --pid app.pid --name shop --umask 027';
  const server = shareServer([...flags.split(' '), 'server.js'], {
    cwd: directory,
    env: { PORT: '0', ISLAND: 'Sotra', TSUNICORN_CMD_ARGS: '-e "SHOP=toys and games"' },
  });

  async function told(): Promise<Told> {
    return JSON.parse((await ask({ url: server().at })).body);
  }

  it('serves on every interface at PORT', () => {
    expect(server().at).toMatch(/^http:\/\/0\.0\.0\.0:\d+$/);
  });

  it('has as many workers as WEB_CONCURRENCY says, also from an env-file', async () => {
    expect(await server().waitForWorkers(2)).toHaveLength(2);
  });

  it('loads the application from --chdir and works there', async () => {
    expect((await told()).cwd).toBe(shop);
  });

  it('gives the application what --env and --env-file say, --env over and --env-file under what is there', async () => {
    expect((await told()).environment).toMatchObject({
      SHOP: 'books',
      CITY: 'Bergen',
      ISLAND: 'Sotra',
      // Of the bind that it got.
      PORT: new URL(server().at).port,
    });
  });

  it('takes over a stale pid file and writes its own pid, with the umask', () => {
    expect(staleOwner).toBeGreaterThan(0);
    expect(readFileSync(join(shop, 'app.pid'), 'utf8')).toBe(`${server().pid}\n`);
    expect((statSync(join(shop, 'app.pid')).mode & 0o777).toString(8)).toBe('640');
  });

  it('runs the application with that umask', async () => {
    expect((await told()).umask).toBe(0o027);
  });

  it('shows --name in the titles of the arbiter and its workers', async () => {
    const title = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0];
    expect(title(server().pid)).toBe('tsunicorn: arbiter [shop]');
    expect(title((await told()).pid)).toBe('tsunicorn: worker [shop]');
  });

  it('removes the pid file and ends with 0 after TERM', async () => {
    const workers = server().workers();
    server().signal('SIGTERM');
    expect(await server().end()).toEqual({ status: 0, signal: null });
    expect(statSync(join(shop, 'app.pid'), { throwIfNoEntry: false })).toBeUndefined();
    expect(workers.filter(isAlive)).toEqual([]);
  });
});

describe('a pid file that somebody else has taken over', () => {
  const directory = sharedDirectory({ 'server.js': tells, 'run/.keep': '' });
  const server = shareServer(['--pid', 'run/app.pid', '-b', '127.0.0.1:0', 'server.js'], {
    cwd: directory,
  });

  it('is left alone at the end', async () => {
    layFiles(directory, { 'run/app.pid': '1\n' });
    server().signal('SIGTERM');
    await server().end();
    expect(readFileSync(join(directory, 'run/app.pid'), 'utf8')).toBe('1\n');
  });
});
