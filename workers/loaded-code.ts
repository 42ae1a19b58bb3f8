import { createRequire, findPackageJSON, isBuiltin } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { fs } from '../src/builtins.ts';
import type { LoadedCode } from '../src/ipc.ts';

/** So long, in milliseconds, may one look at the disk hold up the event loop, which serves meanwhile. */
const SLICE_MS = 1;
/** Of a file so much is searched for imports, which stand at its head; the rest is a bundle. */
const MAX_SCANNED = 256 * 1024;
const MAX_FILES = 20_000;

const SPECIFIERS =
  /(?:^|[\s;}])(?:import|export)\b[^'"();]*?(?:\bfrom\b\s*)?["']([^"'\n]+)["']|\b(?:import|require)\s*\(\s*["']([^"'\n]+)["']\s*\)/g;

/**
 * The files that the application, whose own module is `entry`, was loaded from, each with its size, time and inode. Those
 * of CommonJS are known to Node; ES modules, and what threads have loaded, are found by their import statements, since a
 * hook on resolving would be paid by every start. Resolves after many turns of the event loop.
 */
export async function readLoadedCode(entry: string): Promise<Omit<LoadedCode, 'tsunicorn'>> {
  const { cache } = createRequire(import.meta.url);
  const files = new Map<string, string>();
  const waiting = [entry, ...Object.keys(cache)];
  let sinceMs = performance.now();
  for (let file = waiting.pop(); file !== undefined && files.size < MAX_FILES; file = waiting.pop()) {
    if (files.has(file)) continue;
    const seen = signatureOf(file);
    if (seen === null) continue;
    files.set(file, seen);
    if (cache[file] === undefined) waiting.push(...importsOf(file));
    if (performance.now() - sinceMs < SLICE_MS) continue;
    await new Promise((turn) => setImmediate(turn));
    sinceMs = performance.now();
  }
  const sorted = [...files].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const hash = process.getBuiltinModule('node:crypto').hash('sha1', sorted.flat().join('\n'));
  return { entry, hash, files: Object.fromEntries(sorted) };
}

function signatureOf(file: string): string | null {
  const stats = fs.statSync(file, { throwIfNoEntry: false });
  return stats?.isFile() ? `${stats.size} ${stats.mtimeMs} ${stats.ino}` : null;
}

function importsOf(file: string): readonly string[] {
  if (!/\.[cm]?[jt]sx?$/.test(file)) return [];
  return [...headOf(file).matchAll(SPECIFIERS)].flatMap(([, one, other]) =>
    located(one ?? other ?? '', file),
  );
}

function headOf(file: string): string {
  const fd = fs.openSync(file, 'r');
  try {
    const buffer = Buffer.allocUnsafe(Math.min(MAX_SCANNED, fs.fstatSync(fd).size));
    return buffer.toString('utf8', 0, fs.readSync(fd, buffer, 0, buffer.length, 0));
  } finally {
    fs.closeSync(fd);
  }
}

function located(specifier: string, importer: string): readonly string[] {
  try {
    if (isBuiltin(specifier)) return [];
    if (/^(?:\.{0,2}\/|file:)/.test(specifier)) {
      const named = fileURLToPath(new URL(specifier, pathToFileURL(importer)));
      // What an extension was left away of is CommonJS, or a bundler's.
      return [fs.realpathSync(fs.existsSync(named) ? named : createRequire(importer).resolve(specifier))];
    }
    // A package that is installed anew has a new manifest, whichever of its files were loaded.
    const manifest = findPackageJSON(specifier, pathToFileURL(importer));
    return [...(manifest === undefined ? [] : [resolve(manifest)]), ...entryOf(specifier, importer)];
  } catch {
    // A word that only looks like an import, or one that failed there too.
    return [];
  }
}

function entryOf(specifier: string, importer: string): readonly string[] {
  try {
    return [createRequire(importer).resolve(specifier)];
  } catch {
    // For import alone: the manifest stands for it.
    return [];
  }
}
