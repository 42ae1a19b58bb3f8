import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { namedScript, presentCwd, readStart } from '../../../src/process/start.ts';

let directory = '';
let current = '';
let release = '';

beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'start-')));
  current = join(directory, 'current');
  release = join(directory, 'releases/7');
  mkdirSync(join(release, 'node_modules/.bin'), { recursive: true });
  symlinkSync('releases/7', current);
  vi.spyOn(process, 'cwd').mockReturnValue(release);
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(directory, { recursive: true });
});

function started(PWD: string, script = '/usr/bin/tsunicorn') {
  vi.stubEnv('PWD', PWD);
  return readStart([], script);
}

describe('the name of the working directory', () => {
  it('is what the shell knows', () => {
    expect(started(current).namedCwd).toBe(current);
  });

  it('is what the path of the command has, where no shell says it', () => {
    const script = join(current, 'node_modules/.bin/tsunicorn');
    expect(started('', script).namedCwd).toBe(current);
    expect(started('/', script).namedCwd).toBe(current);
    expect(started(release, script).namedCwd).toBe(current);
  });

  it.each([
    ['another directory', '/'],
    ['nothing that there is', '/nowhere/at/all'],
    ['relative', '.'],
  ])('is not what the shell says where that is %s', (_what, PWD) => {
    expect(started(PWD).namedCwd).toBe(release);
  });

  it('stands in the path of a command that is in there', () => {
    const start = started(current);
    expect(namedScript(start, join(release, 'bin/a.js'))).toBe(join(current, 'bin/a.js'));
    expect(namedScript(start, '/usr/bin/a.js')).toBe('/usr/bin/a.js');
  });
});

describe('the present working directory', () => {
  it('is where the link leads by now', () => {
    const start = started(current);
    expect(presentCwd(start)).toBe(release);
    mkdirSync(join(directory, 'releases/8'));
    rmSync(current);
    symlinkSync('releases/8', current);
    expect(presentCwd(start)).toBe(join(directory, 'releases/8'));
  });

  it('is refused in one line where it leads nowhere', () => {
    const start = started(current);
    rmSync(current);
    expect(() => presentCwd(start)).toThrow(`the working directory ${current} is gone; create it again`);
  });
});
