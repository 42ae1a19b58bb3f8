import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseArguments } from '../../../src/main/options.ts';
import { type Loaded, loadSettings } from '../../../src/settings/load.ts';

let cwd = '';
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'limits-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function load(args: string, env: Record<string, string> = {}): Promise<Loaded> {
  const argv = args.split(' ').filter((word) => word !== '');
  return loadSettings({ argv, env, cwd, parse: parseArguments, applyEnvironment: () => {} });
}

describe('workersMin and workersMax', () => {
  it('are off by default, and leave the number of workers alone', async () => {
    const { settings } = await load('-w 7');
    expect(settings).toMatchObject({ workers: 7, workersMin: null, workersMax: null });
  });

  it('begin with the fewest where no number is given', async () => {
    expect((await load('--workers-min 2 --workers-max 4')).settings.workers).toBe(2);
    expect((await load('--workers-min 2 --workers-max 4 -w 3')).settings.workers).toBe(3);
    expect((await load('--workers-min 2 --workers-max 2')).settings.workers).toBe(2);
  });

  it.each([
    ['--workers-min 2', {}, '--workers-min: an upper limit is missing; write --workers-max too'],
    [
      '',
      { TSUNICORN_WORKERS_MAX: '2' },
      'TSUNICORN_WORKERS_MAX: a lower limit is missing; write --workers-min too',
    ],
    ['--workers-min 3 --workers-max 2', {}, '--workers-min: 3 is more than --workers-max, 2'],
    [
      '--workers-min 2 --workers-max 3 -w 4',
      {},
      '--workers: 4 is not from 2 (--workers-min) to 3 (--workers-max)',
    ],
    [
      '--workers-min 2 --workers-max 3',
      { WEB_CONCURRENCY: '1' },
      'WEB_CONCURRENCY: 1 is not from 2 (--workers-min) to 3 (--workers-max)',
    ],
    ['--workers-min 0', {}, /^--workers-min: expected a whole number ≥ 1, got "0"$/],
    ['--spare-workers=-1', {}, /^--spare-workers: expected a whole number ≥ 0/],
  ])('are refused where they do not fit (%j, %j)', async (args, env, message) => {
    const line = typeof message === 'string' ? message : expect.stringMatching(message);
    await expect(load(args, env)).rejects.toMatchObject({ name: 'UsageError', message: line });
  });

  it('name the line of the config file', async () => {
    writeFileSync(join(cwd, 'tsunicorn.config.json'), '{\n  "workersMin": 5,\n  "workersMax": 4\n}');
    await expect(load('')).rejects.toThrow(
      'tsunicorn.config.json:2: workersMin: 5 is more than --workers-max, 4',
    );
  });
});
