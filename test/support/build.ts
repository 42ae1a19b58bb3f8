import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PROGRAM_MS } from './patience.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Before the tests that start the built command: builds it where a source is newer. */
export default function build(): void {
  const sources = ['bin', 'src', 'workers'].map((folder) => newestIn(join(root, folder)));
  const built = statSync(join(root, 'dist/bin/tsunicorn.js'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (built < Math.max(...sources))
    execFileSync('npm', ['run', 'build', '--silent'], {
      cwd: root,
      stdio: 'inherit',
      timeout: 5 * PROGRAM_MS,
    });
}

/** When a file below that folder, or the list of files in it, was last changed, in Unix milliseconds. */
function newestIn(folder: string): number {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return Math.max(...['.', ...files].map((file) => statSync(join(folder, file)).mtimeMs));
}
