import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { onTestFinished } from './current-test.ts';

/** A directory of root's own that everybody can look into, gone when the test ends: not in /tmp, where everybody may write. */
export function rootsDirectory(): string {
  const directory = mkdtempSync('/srv/tsunicorn-test-');
  onTestFinished(() => rmSync(directory, { recursive: true }));
  chmodSync(directory, 0o755);
  return directory;
}
