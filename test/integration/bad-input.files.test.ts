import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { refusal } from '../support/refusal.ts';
import { root, serve, temporaryDirectory } from '../support/tsunicorn.ts';

const hello = join(root, 'examples/hello.ts:app');
const somewhere = ['-b', '127.0.0.1:0'];
describe('files to write', () => {
  it.each([
    [
      'a pid file in a missing directory',
      ['--pid', 'no/pid'],
      /^--pid \/.*\/no\/pid: cannot write it \(ENOENT\); choose/,
    ],
    [
      'an error log in a missing directory',
      ['--error-logfile', 'no/e.log'],
      /^--error-logfile: .*no\/e\.log.*ENOENT/,
    ],
    [
      'an access log in a missing directory',
      ['--access-logfile', 'no/a.log'],
      /^--access-logfile: .*no\/a\.log.*ENOENT/,
    ],
    ['a directory as the error log', ['--error-logfile', '.'], /^--error-logfile: .*it is a directory/],
    [
      'an unknown atom of the access log',
      ['--access-logfile', '-', '--access-logformat', '%(h)s %(z)s'],
      /^--access-logformat: .*%\(z\)s/,
    ],
  ])('%s is refused', async (_what, args, line) => {
    expect(await refusal([hello, ...somewhere, ...args])).toMatch(line);
  });

  it('a pid file that names a living arbiter is refused and left alone', async () => {
    const cwd = temporaryDirectory();
    const first = await serve([hello, '--pid', 'pid'], { cwd });
    const written = `${first.pid}\n`;
    expect(await refusal([hello, ...somewhere, '--pid', 'pid'], { cwd })).toMatch(
      new RegExp(`^--pid ${cwd}/pid: .*${first.pid}`),
    );
    expect(readFileSync(join(cwd, 'pid'), 'utf8')).toBe(written);
  });

  it('a pid file is not left behind when the address is refused', async () => {
    expect(await refusal([hello, '--pid', 'pid', '-b', '192.0.2.1:0'])).toMatch(/^--bind 192\.0\.2\.1:0: /);
  });
});
