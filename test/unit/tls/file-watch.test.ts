import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { FileWatch } from '../../../src/tls/file-watch.ts';
import { FakeClock } from '../../support/fake-clock.ts';

it('goes on where a path leads in a circle for a while', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tsunicorn-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'cert.pem');
  const clock = new FakeClock();
  symlinkSync('cert.pem', file);
  let changes = 0;
  const watch = new FileWatch([file], clock, () => changes++);
  onTestFinished(() => watch.close());
  rmSync(file);
  writeFileSync(file, 'a certificate');
  await clock.advance(15_000);
  expect(changes).toBe(1);
});
