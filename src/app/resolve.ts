import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fs } from '../support/builtins.ts';
import { codeOf, messageOf } from '../support/errors.ts';
import { suggest } from '../support/suggest.ts';
import { appError, unreadable } from './failure.ts';
import { type AppSpec, parseSpec } from './spec.ts';

const EXTENSIONS = ['.ts', '.mts', '.js', '.mjs', '.cjs'];
const DOTTED = /^[\w$-]+(?:\.[\w$-]+)+$/;
const PACKAGE = /^(?:@[\w.~-]+\/)?[\w~-][\w.~-]*(?:\/.+)?$/;

/**
 * The absolute path of the application's module: a file with or without its extension, a directory, a dotted path or a
 * package, in this order and from `cwd`. Throws a BootError with exit status 4 that says what was tried.
 */
export function resolveModule(spec: AppSpec, cwd: string): string {
  try {
    return find(spec, cwd);
  } catch (error) {
    if (codeOf(error) !== 'EACCES' || !(error instanceof Error) || !('path' in error)) throw error;
    throw unreadable(spec.text, String(error.path));
  }
}

/** The file, without links, that the application is loaded from; null where there is none. */
export function applicationFile(text: string, cwd: string): string | null {
  try {
    return fs.realpathSync(resolveModule(parseSpec(text), cwd));
  } catch {
    // Loading it will say why.
    return null;
  }
}

function find(spec: AppSpec, cwd: string): string {
  const { module } = spec;
  const dotted = DOTTED.test(module) ? module.replaceAll('.', '/') : null;
  return (
    fileOf(resolve(cwd, module)) ??
    (dotted === null ? null : fileOf(resolve(cwd, dotted))) ??
    (PACKAGE.test(module) ? packageFile(spec, cwd) : null) ??
    fail(spec, cwd, dotted)
  );
}

/** The file that an absolute path without its extension, or of a directory, stands for, as in a command of Node; null where there is none. */
export function moduleFile(path: string): string | null {
  return fileOf(path);
}

function fileOf(path: string): string | null {
  const kind = kindOf(path);
  if (kind === 'file') return path;
  const withExtension = firstFile(path);
  if (withExtension !== null || kind === 'nothing') return withExtension;
  const main = mainOf(path);
  return (main === null ? null : fileOf(join(path, main))) ?? firstFile(join(path, 'index'));
}

function firstFile(stem: string): string | null {
  return EXTENSIONS.map((extension) => stem + extension).find((path) => kindOf(path) === 'file') ?? null;
}

function kindOf(path: string): 'file' | 'directory' | 'nothing' {
  const stats = fs.statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return 'nothing';
  return stats.isDirectory() ? 'directory' : 'file';
}

function packageFile(spec: AppSpec, cwd: string): string | null {
  const require = createRequire(join(cwd, 'package.json'));
  try {
    const file = require.resolve(spec.module);
    return file.startsWith('/') ? file : null;
  } catch (error) {
    if (codeOf(error) === 'MODULE_NOT_FOUND') return null;
    const file = importOnlyFile(require.resolve.paths(spec.module) ?? [], spec.module);
    if (file !== null) return file;
    throw appError(`${spec.text}: package '${spec.module}' has no such entry: ${messageOf(error)}`);
  }
}

// require() finds no entry in a package that has one for import only.
function importOnlyFile(roots: readonly string[], name: string): string | null {
  for (const root of roots) {
    const manifest = readManifest(join(root, name));
    if (manifest === null) continue;
    const target = importTarget(manifest.exports);
    return target === null ? null : fileOf(join(root, name, target));
  }
  return null;
}

function importTarget(exports: unknown): string | null {
  if (typeof exports === 'string') return exports;
  if (!isRecord(exports)) return null;
  for (const condition of ['.', 'node', 'import', 'default']) {
    const target = condition in exports ? importTarget(exports[condition]) : null;
    if (target !== null) return target;
  }
  return null;
}

function mainOf(directory: string): string | null {
  const main = readManifest(directory)?.main;
  // A main of "." would lead back to the directory itself.
  return typeof main === 'string' && resolve(directory, main) !== directory ? main : null;
}

function readManifest(directory: string): Readonly<Record<string, unknown>> | null {
  try {
    const manifest: unknown = JSON.parse(fs.readFileSync(join(directory, 'package.json'), 'utf8'));
    return isRecord(manifest) ? manifest : null;
  } catch {
    return null; // No package.json, or one that npm itself would refuse: the directory's index is next.
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function fail(spec: AppSpec, cwd: string, dotted: string | null): never {
  const { module, text } = spec;
  const tried = [module, dotted].filter((name) => name !== null);
  const places = tried.map((name) => `${name}, ${name}{${EXTENSIONS.join(',')}} and ${name}/index.*`);
  if (PACKAGE.test(module)) places.push(`the package ${module}`);
  const near = nearest(resolve(cwd, module), cwd);
  const cure = near === null ? 'check the path and --chdir' : `did you mean ${near}?`;
  throw appError(`${text}: there is no module '${module}' in ${cwd} (tried ${places.join('; ')}); ${cure}`);
}

function nearest(path: string, cwd: string): string | null {
  const directory = dirname(path);
  if (kindOf(directory) !== 'directory') return null;
  const found = suggest(basename(path), fs.readdirSync(directory));
  return found === null ? null : relative(cwd, join(directory, found));
}
