import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Destination } from '../../../src/log/destination.ts';
import { createFifo, type Fifo, linesOf, temporaryDirectory } from './temporary.ts';

const SOURCE = join(import.meta.dirname, '../../../src/log/destination.ts');

/** Runs a script that has `Destination`; `output`, which is closed here, is its standard output. */
function run(script: string, output?: number) {
  const code = `const { Destination } = await import(${JSON.stringify(SOURCE)});\n${script}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', output ?? 'ignore', 'inherit'],
  });
  if (output !== undefined) closeSync(output);
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

describe('a destination that is closed', () => {
  it('lets go of its file and takes nothing any more, not even when it is to be opened again', () => {
    const file = join(temporaryDirectory(), 'log');
    const opened: number[] = [];
    const open = (path: string) => {
      opened.push(openSync(path, 'a'));
      return opened.at(-1) ?? -1;
    };
    const destination = new Destination({ file, standard: 2, open });
    destination.write('one\n');
    destination.close();
    destination.reopen();
    destination.write('two\n');
    destination.flush();
    expect([linesOf(file), opened.length]).toEqual([['one'], 1]);
    expect(() => fstatSync(opened[0] ?? -1)).toThrow('EBADF');
  });
});

describe('a destination that writes at once', () => {
  it('appends each line before it returns', () => {
    const file = join(temporaryDirectory(), 'log');
    new Destination({ file, standard: 2 }).write('one\n');
    new Destination({ file, standard: 2 }).write('zwölf\n');
    expect(linesOf(file)).toEqual(['one', 'zwölf']);
  });

  it('throws for a file that cannot be opened', () => {
    const file = join(temporaryDirectory(), 'missing', 'log');
    expect(() => new Destination({ file, standard: 2 })).toThrow('ENOENT');
  });
});

describe('reopening', () => {
  it('writes what came before to the old file and the rest to a new one', () => {
    const file = join(temporaryDirectory(), 'log');
    const destination = new Destination({ file, standard: 1 });
    destination.write('before\n');
    renameSync(file, `${file}.1`);
    destination.reopen();
    destination.write('after\n');
    destination.flush();
    expect(linesOf(`${file}.1`)).toEqual(['before']);
    expect(linesOf(file)).toEqual(['after']);
  });

  it('stays with the old file where the new one cannot be opened', () => {
    const directory = join(temporaryDirectory(), 'logs');
    mkdirSync(directory);
    const destination = new Destination({ file: join(directory, 'log'), standard: 1 });
    renameSync(directory, `${directory}.1`);
    destination.reopen();
    destination.write('kept\n');
    destination.flush();
    expect(linesOf(join(`${directory}.1`, 'log'))).toEqual(['kept']);
  });
});

describe('a reader that fails', () => {
  /** Another process that copies the pipe to a file from now on. */
  function startReading({ file }: Fifo): string {
    const copy = `${file}.copy`;
    const reader = spawn('sh', ['-c', 'exec cat "$0" > "$1"', file, copy]);
    onTestFinished(() => void reader.kill());
    return copy;
  }

  it('holds the lines that a stalled pipe does not take, and writes them in order when it does', async () => {
    const pipe = createFifo();
    const destination = new Destination({ file: pipe.file, standard: 1 });
    const sent = Array.from({ length: 20_000 }, (_, at) => `line ${at}`);
    for (const line of sent) destination.write(`${line}\n`);
    const copy = startReading(pipe);
    await expect
      .poll(() => {
        destination.flush();
        return existsSync(copy) ? linesOf(copy) : [];
      })
      .toEqual(sent);
    pipe.close();
  });

  it('drops lines rather than hold more than a mebibyte', async () => {
    const pipe = createFifo();
    const destination = new Destination({ file: pipe.file, standard: 1 });
    const line = `${'x'.repeat(1023)}\n`;
    for (let count = 0; count < 4096; count++) destination.write(line);
    const copy = startReading(pipe);
    const last = 'the last line';
    await expect
      .poll(() => {
        destination.flush();
        destination.write(`${last}\n`);
        destination.flush();
        return existsSync(copy) && linesOf(copy).includes(last);
      })
      .toBe(true);
    const kept = linesOf(copy).filter((text) => text !== last).length;
    expect(kept).toBeGreaterThanOrEqual(1024);
    expect(kept).toBeLessThan(1500);
    pipe.close();
  });

  it('survives a reader that has gone', () => {
    const pipe = createFifo();
    const destination = new Destination({ file: pipe.file, standard: 1 });
    pipe.close();
    expect(() => {
      destination.write('lost\n');
      destination.write('lost\n');
      destination.flush();
      destination.reopen();
    }).not.toThrow();
  });

  it('writes again to a reader that has come back', () => {
    const pipe = createFifo();
    const destination = new Destination({ file: pipe.file, standard: 1 });
    pipe.close();
    destination.write('held\n');
    const fd = openSync(pipe.file, constants.O_RDONLY | constants.O_NONBLOCK);
    destination.write('more\n');
    const bytes = Buffer.alloc(100);
    expect(bytes.toString('latin1', 0, readSync(fd, bytes))).toBe('held\nmore\n');
    closeSync(fd);
  });

  it.runIf(existsSync('/dev/full'))('neither throws nor waits when the disk is full', () => {
    const destination = new Destination({ file: '/dev/full', standard: 1 });
    expect(() => {
      for (let count = 0; count < 2000; count++) destination.write(`${'x'.repeat(1023)}\n`);
      destination.flush();
    }).not.toThrow();
  });

  it.runIf(process.platform === 'linux')(
    'does not stop a process whose standard output is a pipe that nobody reads',
    async () => {
      const pipe = createFifo();
      const child = run(
        `const to = new Destination({ file: '-', standard: 1 });
         for (let count = 0; count < 4096; count++) to.write('x'.repeat(1023) + '\\n');
         to.flush();
         process.exit(7);`,
        openSync(pipe.file, constants.O_WRONLY),
      );
      const [status] = await once(child, 'exit');
      expect(status).toBe(7);
      pipe.close();
    },
  );

  it('does not stop a process whose standard output is closed', async () => {
    const pipe = createFifo();
    const output = openSync(pipe.file, constants.O_WRONLY);
    pipe.close();
    const child = run(
      `const to = new Destination({ file: '-', standard: 1 });
       for (let count = 0; count < 3; count++) {
         to.write('x\\n');
         to.flush();
       }
       process.exit(7);`,
      output,
    );
    const [status] = await once(child, 'exit');
    expect(status).toBe(7);
  });
});
