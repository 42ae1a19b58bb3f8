import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loading } from './loading.ts';

const { load, state } = loading();

describe('the paths that the arbiter opens', () => {
  it('are in chdir wherever the arbiter is', async () => {
    mkdirSync(join(state.cwd, 'next'));
    const files = '--pid a.pid --error-logfile ../error.log --access-logfile access.log';
    const { settings } = await load(
      `--chdir next ${files} -b unix:a.sock -b unix://b.sock -b unix:///run/c.sock`,
    );
    expect(settings).toMatchObject({
      bind: [`unix:${state.cwd}/next/a.sock`, `unix:${state.cwd}/next/b.sock`, 'unix:/run/c.sock'],
      pid: join(state.cwd, 'next/a.pid'),
      errorLogfile: join(state.cwd, 'error.log'),
      accessLogfile: join(state.cwd, 'next/access.log'),
    });
  });

  it('are where a symbolic link leads to now', async () => {
    mkdirSync(join(state.cwd, 'releases/7'), { recursive: true });
    symlinkSync('releases/7', join(state.cwd, 'current'));
    const { settings } = await load('--chdir current --pid a.pid');
    expect(settings.pid).toBe(join(state.cwd, 'releases/7/a.pid'));
    expect(settings.chdir).toBe(join(state.cwd, 'releases/7'));
  });

  it('are none where no file is meant', async () => {
    const { settings } = await load('--access-logfile - -b unix:@name -b fd://3 -b unix: -b localhost:80');
    expect(settings).toMatchObject({
      bind: ['unix:@name', 'fd://3', 'unix:', 'localhost:80'],
      pid: null,
      errorLogfile: '-',
      accessLogfile: '-',
    });
  });
});
