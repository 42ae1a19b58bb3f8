import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { root } from '../support/tsunicorn.ts';

const FIXTURES = join(import.meta.dirname, 'fixtures');
const CACHE = join(root, '.cache/compatibility');
/** What the fixtures of all groups import. */
const COMMON = [join(FIXTURES, 'shared.mjs'), join(root, 'test/fixtures/shapes/certificate.mjs')];

/** The registry cannot be reached. */
export class Unreachable extends Error {}

/**
 * Resolves with a folder that has the fixtures of a group, with the packages of its lockfile and what its script `build`
 * makes. Both are made once, outside of any node_modules: Node strips no types there. Rejects with Unreachable where the
 * packages cannot be fetched.
 */
export async function install(group: string): Promise<string> {
  const source = join(FIXTURES, group);
  const folder = cached(group);
  if (!existsSync(join(folder, 'node_modules'))) await fetchPackages(source, folder);
  cpSync(source, folder, { recursive: true });
  for (const file of COMMON) cpSync(file, join(folder, file.replace(/.*\//, '')));
  await build(source, folder);
  return folder;
}

/** The folder of a group, whether it has been installed or not. */
export function cached(group: string): string {
  const lock = readFileSync(join(FIXTURES, group, 'package-lock.json'));
  return join(CACHE, `${group}-${hashOf(lock)}`);
}

async function fetchPackages(source: string, folder: string): Promise<void> {
  const fresh = `${folder}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  try {
    for (const file of ['package.json', 'package-lock.json']) cpSync(join(source, file), join(fresh, file));
    const { status, output } = await npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund'], fresh);
    if (status !== 0) {
      if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH/.test(output)) throw new Unreachable();
      throw new Error(`npm ci of ${source} failed:\n${output}`);
    }
    // Renamed into place, so that nobody finds half of it; another run may have been faster.
    if (!existsSync(folder)) renameSync(fresh, folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

async function build(source: string, folder: string): Promise<void> {
  const manifest = readFileSync(join(source, 'package.json'), 'utf8');
  if (JSON.parse(manifest).scripts?.build === undefined) return;
  const stamp = join(folder, `built-${sourcesHash(source)}`);
  if (existsSync(stamp)) return;
  const { status, output } = await npm(['run', 'build'], folder);
  if (status !== 0) throw new Error(`the build of ${source} failed:\n${output}`);
  writeFileSync(stamp, '');
}

function sourcesHash(source: string): string {
  const files = globSync('**/*', { cwd: source, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).toSorted();
  return hashOf(Buffer.concat(paths.map((path) => readFileSync(path))));
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 12);
}

async function npm(args: readonly string[], cwd: string): Promise<{ status: number; output: string }> {
  const child = spawn('npm', args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'exit');
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [status] = await ended;
  return { status: status ?? 1, output: `${out}${err}` };
}
