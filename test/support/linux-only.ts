import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** What only Linux shows of processes, and the helpers that look at it. */
const LINUX = /\/proc\/|\/dev\/shm|\/sys\/fs|'unshare'|support\/(command|memory)\.ts'/;

/** The files of tests that cannot pass on this system; says how many are left out. None on Linux. */
export function linuxOnly(platform: NodeJS.Platform = process.platform): string[] {
  if (platform === 'linux') return [];
  const files = globSync('test/**/*.test.ts', { cwd: root });
  const left = files.filter((file) => LINUX.test(readFileSync(join(root, file), 'utf8')));
  console.warn(`SKIPPED: ${left.length} of ${files.length} files of tests look at what only Linux has`);
  return left.toSorted();
}
