import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkLogfile, Destination } from '../../../src/log/destination.ts';
import { UsageError } from '../../../src/support/errors.ts';
import { temporaryDirectory } from './temporary.ts';

describe('checking a log file', () => {
  const check = (file: string) => () => checkLogfile('--error-logfile', file);

  it('takes the standard stream, a file to be made, and one that exists, and makes none', () => {
    const file = join(temporaryDirectory(), 'log');
    expect(check('-')).not.toThrow();
    expect(check(file)).not.toThrow();
    expect(existsSync(file)).toBe(false);
    new Destination({ file, standard: 2 });
    expect(check(file)).not.toThrow();
  });

  it('refuses a directory that is missing, naming it and the setting', () => {
    const directory = join(temporaryDirectory(), 'missing');
    const file = join(directory, 'log');
    expect(check(file)).toThrow(UsageError);
    expect(check(file)).toThrow(
      `--error-logfile: cannot write ${file}: ENOENT; the directory ${directory} must exist and be writable`,
    );
  });

  it('refuses a directory in the place of the file', () => {
    const directory = temporaryDirectory();
    expect(check(directory)).toThrow(`cannot write ${directory}: it is a directory; name a file in it`);
  });

  it('refuses a path through a file', () => {
    const file = join(temporaryDirectory(), 'log');
    new Destination({ file, standard: 2 });
    expect(check(join(file, 'x'))).toThrow(`the directory ${file} must exist and be writable`);
  });

  it.runIf(process.getuid?.() !== 0)('refuses a file that may not be written', () => {
    const file = join(temporaryDirectory(), 'log');
    new Destination({ file, standard: 2 });
    chmodSync(file, 0o400);
    expect(check(file)).toThrow('EACCES; make the file writable');
  });
});
