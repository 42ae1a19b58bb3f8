import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { code } from '../../../../src/control/doctor/files.ts';
import type { Patient } from '../../../../src/control/doctor/finding.ts';
import { packageVersion } from '../../../../src/process/installation.ts';

let directory = '';

beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'release-')));
  for (const release of ['1', '2']) mkdirSync(join(directory, release));
  symlinkSync('2', join(directory, 'current'));
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

function said(named: string, now: string) {
  const service = {
    version: packageVersion(),
    journal: { file: null },
    directory: () => ({ named: join(directory, named), now: join(directory, now) }),
  };
  return code({ service, status: { processes: [] }, nowMs: 0 } as unknown as Patient);
}

describe('the release', () => {
  it('that nobody has reloaded is the one to which the link leads now', () => {
    const [finding] = said('current', '1');
    expect(finding).toMatchObject({
      severity: 'notice',
      message: `${directory}/current leads to ${directory}/2 now, and what serves was loaded in ${directory}/1`,
    });
  });

  it.each([
    ['the link leads where it did', 'current', '2'],
    ['there is no link', '1', '1'],
    ['the link is gone', 'gone', '1'],
  ])('is the one that serves where %s', (_what, named, now) =>
    expect(said(named, now)).toMatchObject([{ severity: 'fine' }]),
  );

  it('has nothing to do with a PWD that is stale', () => {
    vi.stubEnv('PWD', join(directory, 'current'));
    expect(said('1', '1')).toMatchObject([{ severity: 'fine' }]);
  });
});
