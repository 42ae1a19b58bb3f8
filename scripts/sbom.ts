// Prints the bill of materials (CycloneDX) of what users install, and of nothing else.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
// Where packages for development are installed, npm leaves out of a bill what they need too, pino among it.
const directory = mkdtempSync(join(tmpdir(), 'tsunicorn-sbom-'));
try {
  for (const file of ['package.json', 'package-lock.json'])
    copyFileSync(join(root, file), join(directory, file));
  const npm = (...args: readonly string[]) =>
    execFileSync('npm', [...args, '--omit', 'dev', '--loglevel', 'error'], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'inherit'],
      encoding: 'utf8',
      maxBuffer: 16 * 1024 ** 2,
    });
  npm('ci', '--ignore-scripts', '--no-audit', '--no-fund');
  const { devDependencies: _, ...manifest } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  writeFileSync(join(directory, 'package.json'), JSON.stringify(manifest));
  process.stdout.write(npm('sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application'));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
