import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Destination } from '../../../src/log/destination.ts';
import { createLogger } from '../../../src/log/logger.ts';
import { fs } from '../../../src/support/builtins.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { linesOf, temporaryDirectory } from './temporary.ts';

/** A destination whose file is /dev/full at first, and `file` when it is opened again. */
function onFullDisk() {
  const clock = new FakeClock();
  const file = join(temporaryDirectory(), 'log');
  const said: string[] = [];
  const disk = { isFull: true };
  const destination = new Destination({
    ...{ file, standard: 2, clock },
    open: () => fs.openSync(disk.isFull ? '/dev/full' : file, 'a'),
    say: (level, line, { phase, lost, error }) =>
      void said.push(`${level} ${phase} ${lost} ${error}: ${line}`),
  });
  return { clock, file, said, disk, destination };
}

const LINE = `${'x'.repeat(1023)}\n`;

describe('a log on a full disk', () => {
  it('is said at once, while its lines are held', () => {
    const { said, destination, file } = onFullDisk();
    destination.write(LINE);
    destination.write(LINE);
    expect(said).toEqual([
      `error begins 0 ENOSPC: Cannot write ${file} (ENOSPC: the disk is full): its lines are held, up to 1 MiB of them`,
    ]);
    expect(destination.isUnwritable).toBe(true);
  });

  it('counts the lines that are lost, and says so at most once a second', async () => {
    const { clock, said, destination } = onFullDisk();
    for (let line = 0; line < 1026; line++) destination.write(LINE);
    await clock.advance(1000);
    destination.write(LINE);
    // It is said with that line, unless the timer of real time by which it is tried again was sooner.
    expect(said.slice(1)).toEqual([
      expect.stringMatching(/^error lasts ([23]) ENOSPC: .* 1\.0 s now .*: \1 lines are lost so far$/),
    ]);
  });

  it('says once when it can be written again, and how many lines are lost; those that were held are written', async () => {
    const { clock, said, destination, disk, file } = onFullDisk();
    for (let line = 0; line < 2000; line++) destination.write(LINE);
    await clock.advance(2500);
    disk.isFull = false;
    destination.reopen();
    expect(said.filter((line) => line.startsWith('info ends'))).toHaveLength(1);
    const [, lost] =
      /^info ends (\d+) ENOSPC: Can write .* again, after 2\.5 s: \d+ lines are lost$/.exec(
        said.at(-1) ?? '',
      ) ?? [];
    expect(Number(lost)).toBeGreaterThan(900);
    expect(linesOf(file)).toHaveLength(2000 - Number(lost));
  });

  it('counts what is held when the process ends', () => {
    const { said, destination } = onFullDisk();
    destination.write(LINE);
    destination.write(LINE);
    destination.flush();
    expect(said.at(-1)).toMatch(
      /^error ends 2 ENOSPC: Could not write .* before the process exited .*: 2 lines are lost$/,
    );
    destination.flush();
    expect(said.filter((line) => line.includes(' ends '))).toHaveLength(1);
  });
});

describe('a log file that cannot be reopened', () => {
  it('is said with the cure, goes on in the old file, and is tried again as lines come', async () => {
    const clock = new FakeClock();
    const file = join(temporaryDirectory(), 'log');
    const said: string[] = [];
    let isForbidden = false;
    const open = (path: string) => {
      if (isForbidden) throw Object.assign(new Error('no'), { code: 'EACCES' });
      return fs.openSync(path, 'a');
    };
    const destination = new Destination({
      ...{ file, standard: 2, clock, open },
      say: (level, line, { event, phase }) => void said.push(`${level} ${event} ${phase}: ${line}`),
    });
    renameSync(file, `${file}.1`);
    isForbidden = true;
    destination.reopen();
    destination.write('one\n');
    expect(said).toEqual([
      expect.stringMatching(/^error log-not-reopened begins: .*EACCES.*logrotate.*create/),
    ]);
    isForbidden = false;
    destination.write('two\n');
    await clock.advance(1000);
    destination.write('three\n');
    expect(said.slice(1)).toEqual([`info log-not-reopened ends: Reopened ${file}, after 1.0 s`]);
    expect([linesOf(`${file}.1`), linesOf(file)]).toEqual([['one', 'two'], ['three']]);
  });
});

describe('an error log that cannot be written', () => {
  /** A logger over /dev/full, and what it writes to the standard error that it is given. */
  function logOnFullDisk(format: 'text' | 'json' = 'text') {
    const directory = temporaryDirectory();
    const standardError = join(directory, 'stderr');
    const standard = fs.openSync(standardError, 'a');
    const log = createLogger({ level: 'info', format, file: '/dev/full', standard });
    return { log, shown: () => readFileSync(standardError, 'utf8') };
  }

  it('says so on the standard error, which also takes its warnings and errors', () => {
    const { log, shown } = logOnFullDisk();
    log.info('as usual');
    log.warning('unusual');
    log.info('as usual');
    expect(shown()).toMatch(/\[ERROR\] Cannot write \/dev\/full \(ENOSPC: the disk is full\)/);
    // What is said of the log itself is said again where a second passes between two lines.
    const others = shown()
      .split('\n')
      .filter((line) => line !== '' && !line.includes('Cannot write /dev/full'));
    expect(others).toEqual([expect.stringMatching(/\[WARNING\] unusual$/)]);
  });

  it('says so as a record where it is JSON', () => {
    const { log, shown } = logOnFullDisk('json');
    log.info('as usual');
    const record = JSON.parse(shown());
    expect(record).toMatchObject({
      event: 'log-unwritable',
      phase: 'begins',
      file: '/dev/full',
      error: 'ENOSPC',
    });
  });

  it('that cannot be reopened says so there and in the file that is open', () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'log');
    const standardError = join(directory, 'stderr');
    let isMoved = false;
    const log = createLogger({
      ...{ level: 'info', format: 'text', file, standard: fs.openSync(standardError, 'a') },
      open: (path) => {
        if (isMoved) throw Object.assign(new Error('no'), { code: 'EACCES' });
        return fs.openSync(path, 'a');
      },
    });
    log.info('before');
    isMoved = true;
    log.reopen();
    expect(readFileSync(standardError, 'utf8')).toMatch(/\[ERROR\] Cannot reopen/);
    expect(linesOf(file)).toEqual([expect.stringMatching(/before/), expect.stringMatching(/Cannot reopen/)]);
  });
});
