import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { run } from '../support/command.ts';
import { refusal } from '../support/refusal.ts';
import { asRoot } from '../support/tools.ts';
import { app, temporaryDirectory } from '../support/tsunicorn.ts';

const it = asRoot();

/** A directory that everybody can look into; `closed/` in it is root's alone. */
function halfOpen(): string {
  const cwd = temporaryDirectory();
  chmodSync(cwd, 0o755);
  mkdirSync(join(cwd, 'closed'), { mode: 0o700 });
  return cwd;
}

describe('what the user may not read is told in one line', () => {
  it.each([
    ['a module', 'secret.mjs:app', 'secret.mjs'],
    ['the directory of a module', 'closed/secret.mjs:app', 'closed/secret.mjs'],
    ['a directory of modules', 'closed:app', 'closed/index.ts'],
  ])('where it is %s', async (_what, spec, file) => {
    const cwd = halfOpen();
    writeFileSync(join(cwd, file.endsWith('.mjs') ? file : 'unused'), 'export const app = 1;', {
      mode: 0o600,
    });
    const { status, stderr } = await run([spec, '-u', 'nobody', '-b', 'unix:app.sock'], { cwd });
    expect(status).toBe(4);
    expect(stderr).toContain(
      `[CRITICAL] ${spec}: ${join(cwd, file)} cannot be read (EACCES) by the user of the workers; change its mode or --user [TSU0509]\n`,
    );
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it('where it is the directory of a Unix socket', async () => {
    const uid = execFileSync('id', ['-u', 'nobody'], { encoding: 'utf8' }).trim();
    const through = ['setpriv', '--reuid', uid, '--regid', uid, '--clear-groups'];
    const cwd = halfOpen();
    const line = await refusal([app('puppet.ts:app'), '-b', 'unix:closed/app.sock'], { cwd, through });
    expect(line).toBe(
      `--bind unix:${join(cwd, 'closed/app.sock')}: permission denied; a port below 1024 needs root or CAP_NET_BIND_SERVICE, a path needs a writable directory`,
    );
  });
});
