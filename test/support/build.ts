import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PROGRAM_MS } from './patience.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Before the tests that start the built command: builds it where a source is newer. */
export default function build(): void {
  const sources = ['bin', 'src', 'workers'].map((folder) => newestIn(join(root, folder)));
  // The pages are what a build writes last, among the sources.
  const written = ['dist/bin/tsunicorn.js', 'src/page/page.html', 'src/page/login.html'];
  const times = written.map((file) => statSync(join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0);
  if (times.includes(0) || Math.max(...times) < Math.max(...sources))
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
