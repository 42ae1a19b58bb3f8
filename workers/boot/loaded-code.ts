import type { Stats } from 'node:fs';
import { createRequire, findPackageJSON, isBuiltin } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { LoadedCode } from '../../src/process/ipc/loading.ts';
import { fs } from '../../src/support/builtins.ts';

/** For how many milliseconds at a time the disk is read, since the event loop serves meanwhile. */
const SLICE_MS = 1;
/** How many bytes of a file are searched for imports, which stand at its head; a longer file is a bundle. */
const MAX_SCANNED = 256 * 1024;
const MAX_FILES = 20_000;
/** The kernel stamps files by a clock that goes by ticks: a stamp may be that much older than the change. */
const CLOCK_STEP_MS = 10;

const SPECIFIERS =
  /(?:^|[\s;}])(?:import|export)\b[^'"();]*?(?:\bfrom\b\s*)?["']([^"'\n]+)["']|\b(?:import|require)\s*\(\s*["']([^"'\n]+)["']\s*\)/g;

/**
 * The files that the applications, whose own modules are `entries`, were loaded from, each with its size, time and inode. Node
 * knows those of CommonJS. ES modules, and what threads have loaded, are found by their import statements, since a hook
 * on resolving would slow every start. A file that was changed after `sinceMs` of the wall clock, when this process had
 * begun, is left out: it cannot be known which of its versions was loaded. Resolves after many turns of the event loop.
 */
export async function readLoadedCode(
  entries: readonly string[],
  sinceMs: number = performance.timeOrigin,
): Promise<Omit<LoadedCode, 'tsunicorn'>> {
  const { cache } = createRequire(import.meta.url);
  const files = new Map<string, string>();
  const walked = new Set<string>();
  const hash = new SetHash();
  const waiting = [...entries, ...Object.keys(cache)];
  let turnMs = performance.now();
  for (let file = waiting.pop(); file !== undefined && walked.size < MAX_FILES; file = waiting.pop()) {
    const stats = walked.has(file) ? undefined : fs.statSync(file, { throwIfNoEntry: false });
    if (!stats?.isFile()) continue;
    walked.add(file);
    const seen = signatureOf(stats, sinceMs);
    if (seen !== null) {
      files.set(file, seen);
      hash.add(`${file}\n${seen}`);
    }
    if (cache[file] === undefined) waiting.push(...importsOf(file));
    if (performance.now() - turnMs < SLICE_MS) continue;
    await new Promise((turn) => setImmediate(turn));
    turnMs = performance.now();
  }
  return { entry: entries[0] ?? '', hash: hash.toString(), files: Object.fromEntries(files) };
}

/**
 * A hash of a set of texts that does not depend on their order. It need not resist forgery, so node:crypto, which takes
 * 3 MB in each worker, is not loaded for it.
 */
class SetHash {
  #low = 0;
  #high = 0;

  /** FNV-1a twice, from two bases. */
  add(text: string): void {
    let low = 0x811c9dc5;
    let high = 0x1b873593;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      low = Math.imul(low ^ code, 0x01000193);
      high = Math.imul(high ^ code, 0x85ebca6b);
    }
    this.#low = (this.#low + low) | 0;
    this.#high = (this.#high + high) | 0;
  }

  toString(): string {
    return [this.#high, this.#low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
  }
}

/** Null where it is another file since then: a new name changes ctime, as new contents do. */
function signatureOf(stats: Stats, sinceMs: number): string | null {
  if (stats.ctimeMs > sinceMs - CLOCK_STEP_MS) return null;
  return `${stats.size} ${stats.mtimeMs} ${stats.ino}`;
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
      // A path without an extension is CommonJS, or a bundler's.
      return [fs.realpathSync(fs.existsSync(named) ? named : createRequire(importer).resolve(specifier))];
    }
    // A package that is installed again has a new manifest, whichever of its files were loaded.
    const manifest = findPackageJSON(specifier, pathToFileURL(importer));
    return [...(manifest === undefined ? [] : [resolve(manifest)]), ...entryOf(specifier, importer)];
  } catch {
    // It only looks like an import, or it failed in the application too.
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
