import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Peers from npm, by their exact versions: nothing of tsunicorn depends on them. */
const PACKAGES = {
  pm2: '7.0.4',
  wattpm: '3.67.0',
  '@platformatic/node': '3.65.0',
  '@oven/bun-linux-x64': '1.4.5',
  '@deno/linux-x64-glibc': '2.9.6',
} as const;

type PackageName = keyof typeof PACKAGES;

/** Where the peers are: a folder outside of node_modules, which stays from one run to the next. */
export const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tsunicorn-prove');

/** The path of a file of a peer. */
export function inPeer(name: PackageName, file: string): string {
  return join(cache, 'node_modules', name, file);
}

/** The version that is installed, or null. */
export function peerVersion(name: PackageName): string | null {
  try {
    return JSON.parse(readFileSync(inPeer(name, 'package.json'), 'utf8')).version;
  } catch {
    // Not there.
    return null;
  }
}

/** Installs what is missing, without running scripts of packages; says what could not be. */
export function installPeers(): void {
  const missing = Object.entries(PACKAGES).filter(
    ([name, version]) => peerVersion(name as PackageName) !== version,
  );
  if (missing.length === 0) return;
  mkdirSync(cache, { recursive: true });
  if (!existsSync(join(cache, 'package.json')))
    writeFileSync(join(cache, 'package.json'), '{"private":true}\n');
  const wanted = missing.map(([name, version]) => `${name}@${version}`);
  console.error(`Installing ${wanted.join(', ')} into ${cache}`);
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--save-exact'];
  const { status } = spawnSync('npm', ['install', ...flags, ...wanted], { cwd: cache, stdio: 'inherit' });
  if (status !== 0) console.error(`npm ended with ${status}: peers that are missing are skipped`);
}

/** Whether Debian's gevent is installed, which Gunicorn's class of that name needs. */
export function hasGevent(): boolean {
  return existsSync('/usr/lib/python3/dist-packages/gevent/__init__.py');
}
