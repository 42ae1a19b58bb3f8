import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createPidfile } from '../../../src/process/pidfile.ts';
import { UsageError } from '../../../src/support/errors.ts';
import { temporaryDirectory } from '../../support/tsunicorn.ts';

/** The pid of a process that calls itself so, and lives until the test ends. */
async function processCalled(title: string): Promise<number> {
  const script = 'process.title = process.argv[1]; console.log("called"); setInterval(() => {}, 1000)';
  const child = spawn(process.execPath, ['-e', script, title], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child.pid ?? 0;
}

const create = (path: string) => createPidfile('--pid', path);

describe('a pidfile', () => {
  it('holds the pid and a newline, and is the only file there', () => {
    const directory = temporaryDirectory();
    create(join(directory, 'app.pid'));
    expect(readFileSync(join(directory, 'app.pid'), 'utf8')).toBe(`${process.pid}\n`);
    expect(readdirSync(directory)).toEqual(['app.pid']);
  });

  it('can be written by nobody else, whatever the umask', () => {
    const path = join(temporaryDirectory(), 'app.pid');
    const umask = process.umask(0);
    try {
      create(path);
    } finally {
      process.umask(umask);
    }
    expect(statSync(path).mode & 0o777).toBe(0o644);
  });

  it('is gone when it is removed, however often', () => {
    const path = join(temporaryDirectory(), 'app.pid');
    const pidfile = create(path);
    pidfile.remove();
    pidfile.remove();
    expect(existsSync(path)).toBe(false);
  });

  it('that has become another’s is not removed', () => {
    const path = join(temporaryDirectory(), 'app.pid');
    const pidfile = create(path);
    writeFileSync(path, '1\n');
    pidfile.remove();
    expect(readFileSync(path, 'utf8')).toBe('1\n');
  });

  it('of a process that is gone is taken over', () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    const path = join(temporaryDirectory({ 'app.pid': `${pid}\n` }), 'app.pid');
    create(path);
    expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`);
  });

  it('of our own pid is taken over, as after a restart in a container', () => {
    const path = join(temporaryDirectory({ 'app.pid': `${process.pid}\n` }), 'app.pid');
    expect(() => create(path)).not.toThrow();
  });

  it.each(['', 'nonsense\n', '-1\n', '0\n'])('with the text %j is taken over', (text) => {
    const path = join(temporaryDirectory({ 'app.pid': text }), 'app.pid');
    create(path);
    expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`);
  });

  it('of an arbiter that lives is refused with its pid, and kept', async () => {
    const pid = await processCalled('tsunicorn: arbiter [shop]');
    const path = join(temporaryDirectory({ 'app.pid': `${pid}\n` }), 'app.pid');
    expect(() => create(path)).toThrow(UsageError);
    expect(() => create(path)).toThrow(`--pid ${path}: process ${pid} is running; stop it`);
    expect(readFileSync(path, 'utf8')).toBe(`${pid}\n`);
  });

  it.each(['nginx: master process', 'tsunicorn: worker'])(
    'whose pid is by now that of another program, %s, is taken over',
    async (title) => {
      const path = join(temporaryDirectory({ 'app.pid': `${await processCalled(title)}\n` }), 'app.pid');
      create(path);
      expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`);
    },
  );

  describe('of an arbiter that is to replace another one', () => {
    const oldArbiter = process.ppid;
    const files = () => temporaryDirectory({ 'app.pid': `${oldArbiter}\n` });
    const read = (directory: string) =>
      Object.fromEntries(
        readdirSync(directory).map((name) => [name, Number(readFileSync(join(directory, name), 'utf8'))]),
      );

    it('has .2 behind it, and loses that when the old arbiter is gone', () => {
      const directory = files();
      const pidfile = createPidfile('--pid', join(directory, 'app.pid'), oldArbiter);
      expect(read(directory)).toEqual({ 'app.pid': oldArbiter, 'app.pid.2': process.pid });
      pidfile.promote();
      expect(read(directory)).toEqual({ 'app.pid': process.pid });
      pidfile.remove();
      expect(read(directory)).toEqual({});
    });

    it('is removed without touching the old arbiter’s', () => {
      const directory = files();
      createPidfile('--pid', join(directory, 'app.pid'), oldArbiter).remove();
      expect(read(directory)).toEqual({ 'app.pid': oldArbiter });
    });

    it('is its own file where the old arbiter has another one', () => {
      const directory = temporaryDirectory();
      createPidfile('--pid', join(directory, 'app.pid'), oldArbiter);
      expect(read(directory)).toEqual({ 'app.pid': process.pid });
    });

    it('is promoted where the old arbiter has done that on its way out', () => {
      const directory = files();
      const pidfile = createPidfile('--pid', join(directory, 'app.pid'), oldArbiter);
      renameSync(join(directory, 'app.pid.2'), join(directory, 'app.pid'));
      pidfile.promote();
      pidfile.remove();
      expect(read(directory)).toEqual({});
    });
  });

  it('is left to the arbiter that replaces this one, in one step', () => {
    const newArbiter = process.ppid;
    const directory = temporaryDirectory({ 'app.pid.2': `${newArbiter}\n` });
    const path = join(directory, 'app.pid');
    create(path).remove(newArbiter);
    expect(readFileSync(path, 'utf8')).toBe(`${newArbiter}\n`);
    expect(readdirSync(directory)).toEqual(['app.pid']);
  });

  it('is cleared of the .2 that a killed new arbiter has left, and of nobody else’s', () => {
    const directory = temporaryDirectory({ 'app.pid.2': '77\n' });
    const pidfile = create(join(directory, 'app.pid'));
    pidfile.forget(78);
    expect(readdirSync(directory)).toEqual(['app.pid', 'app.pid.2']);
    pidfile.forget(77);
    expect(readdirSync(directory)).toEqual(['app.pid']);
  });

  it('is not written through a link that somebody has laid beside it', () => {
    const directory = temporaryDirectory({ precious: 'x' });
    const path = join(directory, 'app.pid');
    symlinkSync('precious', `${path}.${process.pid}~`);
    create(path);
    expect(readFileSync(join(directory, 'precious'), 'utf8')).toBe('x');
    expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`);
    expect(readdirSync(directory)).toEqual(['app.pid', 'precious']);
  });

  it('beside which somebody has laid a directory of that name is refused in one line', () => {
    const path = join(temporaryDirectory(), 'app.pid');
    mkdirSync(`${path}.${process.pid}~`);
    expect(() => create(path)).toThrow(UsageError);
  });

  it('in a directory that is not there is refused in one line', () => {
    const path = join(temporaryDirectory(), 'missing', 'app.pid');
    expect(() => create(path)).toThrow(UsageError);
    expect(() => create(path)).toThrow(`--pid ${path}: cannot write it (ENOENT); `);
  });

  it('whose path is a directory is refused, and nothing left beside it', () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'app.pid'));
    expect(() => create(join(directory, 'app.pid'))).toThrow(/cannot write it/);
    expect(readdirSync(directory)).toEqual(['app.pid']);
  });
});
