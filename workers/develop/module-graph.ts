import { registerHooks } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { FilesLoaded } from '../../src/process/ipc/loading.ts';
import { fs } from '../../src/support/builtins.ts';
import { isOwnFile } from '../../src/support/own-files.ts';

/** What was loaded since the last report. */
export type LoadedFiles = Omit<FilesLoaded, 'tsunicorn'>;

/** Files that are loaded within this many milliseconds are reported together. */
const BATCH_MS = 20;

/** The files that the application has loaded, or tried to, in this thread. */
export class ModuleGraph {
  readonly #report: (loaded: LoadedFiles) => void;
  readonly #files = new Set<string>();
  readonly #missing = new Set<string>();
  #unsaid: { readonly files: string[]; readonly missing: string[]; readonly atMs: number } | null = null;
  #reportedMs = 0;

  constructor(report: (loaded: LoadedFiles) => void) {
    this.#report = report;
  }

  /** All files so far. */
  get files(): ReadonlySet<string> {
    return this.#files;
  }

  loaded(file: string): void {
    if (this.#files.has(file)) return;
    this.#files.add(file);
    this.#next().files.push(file);
    this.#schedule();
  }

  /** An import was looked for there, in vain. */
  missed(candidates: readonly string[]): void {
    const fresh = candidates.filter((file) => !this.#missing.has(file));
    if (fresh.length === 0) return;
    for (const file of fresh) this.#missing.add(file);
    this.#next().missing.push(...fresh);
    this.#schedule();
  }

  /** Takes over what another thread reports. */
  readonly take = (loaded: LoadedFiles): void => {
    for (const file of loaded.files) this.#files.add(file);
    this.#report(loaded);
  };

  /** Reports at once. */
  flush(): void {
    const unsaid = this.#unsaid;
    if (unsaid === null) return;
    this.#unsaid = null;
    this.#reportedMs = Date.now();
    this.#report(unsaid);
  }

  #next() {
    this.#unsaid ??= { files: [], missing: [], atMs: Date.now() };
    return this.#unsaid;
  }

  /** Not by a timer alone: modules may run for long, or for ever, without a turn of the event loop. */
  #schedule(): void {
    if (Date.now() - this.#reportedMs >= BATCH_MS) this.flush();
    else if (this.#unsaid) setImmediate(() => this.flush());
  }
}

/**
 * Follows the imports of this thread from now on, of ES modules and CommonJS. It watches what is resolved, since a hook
 * on loading itself would change how Node loads CommonJS.
 */
export function followImports(report: (loaded: LoadedFiles) => void): ModuleGraph {
  const graph = new ModuleGraph(report);
  registerHooks({
    resolve(specifier, context, next) {
      try {
        const resolved = next(specifier, context);
        const file = fileOf(resolved.url);
        if (file !== null && isTheirs(file)) graph.loaded(file);
        return resolved;
      } catch (error) {
        const importer = fileOf(context.parentURL);
        if (importer !== null && isTheirs(importer)) graph.missed(candidatesFor(specifier, importer));
        throw error;
      }
    },
  });
  process.on('exit', () => graph.flush());
  return graph;
}

/** The files whose appearance may mend an import of `specifier` in the file `importer`. */
export function candidatesFor(specifier: string, importer: string): readonly string[] {
  if (/^(?:\.{0,2}\/|file:)/.test(specifier)) {
    const path = fileOf(new URL(specifier, pathToFileURL(importer)).href);
    return path === null ? [] : variantsOf(path);
  }
  if (specifier.startsWith('#')) return [];
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  const roots = ancestorsOf(importer).filter((directory) =>
    ['package.json', 'node_modules'].some((entry) => fs.existsSync(join(directory, entry))),
  );
  return roots.map((directory) => join(directory, 'node_modules', name, 'package.json'));
}

/** The path, and what an extension left away may stand for. */
export function variantsOf(path: string): readonly string[] {
  if (extname(path) !== '') return [path];
  const endings = ['.ts', '.mts', '.js', '.mjs', '.cjs', '.json'];
  return [path, ...endings.map((ending) => path + ending), join(path, 'index.js'), join(path, 'index.ts')];
}

function ancestorsOf(path: string): readonly string[] {
  const above = dirname(path);
  return above === path ? [] : [above, ...ancestorsOf(above)];
}

function fileOf(url: string | undefined): string | null {
  // A query tells instances of one module apart.
  return url?.startsWith('file:') ? fileURLToPath(url.replace(/[?#].*$/, '')) : null;
}

/** Resolved paths are real paths: a linked package of a workspace resolves to its sources. */
function isTheirs(file: string): boolean {
  return !file.includes('/node_modules/') && !isOwnFile(file);
}
