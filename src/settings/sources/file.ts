import { createRequire } from 'node:module';
import { isAbsolute, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fs, util } from '../../support/builtins.ts';
import { type Clock, systemClock } from '../../support/clock.ts';
import { codeOf, EXIT, messageOf, UsageError } from '../../support/errors.ts';
import { esModuleCure } from '../../support/es-syntax.ts';
import { isOwnFile } from '../../support/own-files.ts';
import { frameOf, parserPlaceOf } from '../../support/stack-frames.ts';
import { nameSetting, type Origin } from '../origin.ts';

const IMPORT_LIMIT_MS = 30_000;
const CURE = 'write export default defineConfig({ … })';
const ENDINGS = ['ts', 'mts', 'js', 'mjs', 'json'] as const;

/** Which configuration is meant: the absolute path of a file, and the export in it; null is the default export. */
export interface ConfigName {
  readonly path: string;
  readonly profile: string | null;
}

/** A config file as it was read: what messages call it, and what the export that is meant says. */
export interface ConfigFile extends ConfigName {
  readonly label: string;
  readonly exported: Readonly<Record<string, unknown>>;
  /** In a profile: the class, or the export, that each value comes from. */
  readonly owners: Readonly<Record<string, string>>;
}

/** The first of `tsunicorn.config.{ts,mts,js,mjs,json}` in the directory, or null. */
export function searchConfig(cwd: string): ConfigName | null {
  const candidates = ENDINGS.map((ending) => resolve(cwd, `tsunicorn.config.${ending}`));
  const path = candidates.find((candidate) => fs.existsSync(candidate));
  return path === undefined ? null : { path, profile: null };
}

const WITH_PROFILE = /^(.+):([\p{ID_Start}$_][\p{ID_Continue}$]*)$/u;

/** Takes `tsunicorn.config.ts:Production` apart; throws a UsageError as readableFile() does. */
export function namedConfig(source: string, cwd: string, given: string): ConfigName {
  const [, file, profile] = WITH_PROFILE.exec(given) ?? [];
  if (file === undefined || profile === undefined || fs.existsSync(resolve(cwd, given)))
    return { path: readableFile(source, cwd, given), profile: null };
  return { path: readableFile(source, cwd, file), profile };
}

/** The text that names it again. */
export function configText({ path, profile }: ConfigName): string {
  return profile === null ? path : `${path}:${profile}`;
}

/** The absolute path of a readable file; throws a UsageError that begins with `source` and the path as given. */
export function readableFile(source: string, cwd: string, given: string): string {
  const path = resolve(cwd, given);
  try {
    fs.accessSync(path, fs.constants.R_OK);
  } catch (error) {
    throw new UsageError(
      `${source} ${given}: ${codeOf(error) === 'ENOENT' ? 'no such file' : 'not readable'}`,
    );
  }
  if (fs.statSync(path).isDirectory())
    throw new UsageError(`${source} ${given}: a directory, expected a file`);
  return path;
}

/**
 * Reads a config file: JSON, or a module's default export, which must be an object; or its profile. Another `cacheKey` reads
 * a module anew (though not what it imports). Throws a UsageError; an import that does not settle is given up after 30 s.
 */
export async function readConfig(
  { path, profile }: ConfigName,
  from: { readonly cwd: string; readonly cacheKey: string | null; readonly clock?: Clock },
): Promise<ConfigFile> {
  const label = labelOf(path, from.cwd);
  const read = async () => {
    const module = path.endsWith('.json')
      ? asModule(parseJson(path, label))
      : await importModule(path, label, from.cacheKey);
    return profile === null ? plain(defaultOf(module), label) : profileOf(module, profile, label);
  };
  const { exported, owners } = await within(label, from.clock ?? systemClock, read);
  return { path, profile, label, exported, owners };
}

type Read = Pick<ConfigFile, 'exported' | 'owners'>;

function plain(exported: unknown, label: string): Read {
  if (!isObject(exported)) throw new UsageError(`${label}: ${problemWith(exported)}; ${CURE}`);
  return { exported: copyOf(exported, label), owners: {} };
}

async function profileOf(module: unknown, profile: string, label: string): Promise<Read> {
  const { profileIn } = await import('./profile.ts');
  return profileIn(exportsOf(module), profile, label);
}

/** As Node imports CommonJS. */
function asModule(exported: unknown): unknown {
  return { default: exported, 'module.exports': exported };
}

/** The exports by their names; of CommonJS and JSON the keys of what is exported. */
function exportsOf(module: unknown): Readonly<Record<string, unknown>> {
  const names = { ...(module as Readonly<Record<string, unknown>>) };
  const exported = names['module.exports'];
  return isObject(exported) ? { ...exported } : names;
}

/** Reads every setting once: a getter may throw. */
function copyOf(exported: Readonly<Record<string, unknown>>, label: string): Record<string, unknown> {
  try {
    return { ...exported };
  } catch (error) {
    throw new UsageError(`${label}: a getter of its export threw: ${messageOf(error)}`);
  }
}

/** Where a key stands in a config file, for messages: `tsunicorn.config.ts:12`, without the line if it is not found. */
export function locate(file: ConfigFile, key: string): string {
  const quoted = key.replace(/[^\w]/g, '\\$&');
  // Fields of a class are assigned to.
  const field = file.profile === null ? '' : '=';
  const pattern = new RegExp(`(^|[\\s{,'"])${quoted}['"]?\\s*([:,(}${field}]|$)`);
  const lines = fs.readFileSync(file.path, 'utf8').split('\n');
  const from = firstLineOf(ownerOf(file, key), lines);
  const isKey = (line: string, at: number) =>
    at >= from && !/^\s*(\/\/|\*|\/\*)/.test(line) && pattern.test(line);
  const index = from < 0 ? -1 : lines.findIndex(isKey);
  return index < 0 ? file.label : `${file.label}:${index + 1}`;
}

/** In a profile: the class, or the export, that the key is in. */
export function ownerOf({ owners }: Pick<ConfigFile, 'owners'>, key: string): string | undefined {
  return Object.hasOwn(owners, key) ? owners[key] : undefined;
}

/** Where a profile begins; -1 where it is not in this file. */
function firstLineOf(owner: string | undefined, lines: readonly string[]): number {
  if (owner === undefined) return 0;
  const declared = new RegExp(`(^|[\\s,{."'])${owner.replaceAll('$', '\\$')}\\b`);
  return lines.findIndex((line) => !/^\s*(import|\/\/|\*|\/\*)/.test(line) && declared.test(line));
}

/** How an error line about a setting begins: `--chdir`, `TSUNICORN_CHDIR`, `tsunicorn.config.ts:4: chdir`. */
export function placeOf(name: string, origin: Origin, file: ConfigFile | null): string {
  if (origin.source === 'config' && file !== null) return `${locate(file, name)}: ${name}`;
  return nameSetting(origin, name);
}

function labelOf(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short === '' || short.startsWith('..') || isAbsolute(short) ? path : short;
}

function isObject(exported: unknown): exported is Readonly<Record<string, unknown>> {
  const plain = typeof exported === 'object' && exported !== null && !Array.isArray(exported);
  return plain && !util.types.isPromise(exported);
}

function problemWith(exported: unknown): string {
  if (exported === undefined) return 'it has no default export';
  if (util.types.isPromise(exported)) return 'it exports a promise, not an object';
  if (Array.isArray(exported)) return 'it exports a list, not an object';
  return `it exports ${exported === null ? 'null' : `a ${typeof exported}`}, not an object`;
}

function parseJson(path: string, label: string): unknown {
  try {
    return JSON.parse(fs.readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`${label}: it is not valid JSON: ${messageOf(error)}`);
  }
}

async function within<Result>(label: string, clock: Clock, read: () => Promise<Result>): Promise<Result> {
  const { promise: overdue, reject } = Promise.withResolvers<never>();
  const cancel = clock.after(IMPORT_LIMIT_MS, () => {
    const problem = `it has not finished loading after ${IMPORT_LIMIT_MS / 1000} s`;
    reject(new UsageError(`${label}: ${problem}; look for an await that never ends`));
  });
  const explain = () => explainExit(label);
  process.once('exit', explain);
  try {
    return await Promise.race([read(), overdue]);
  } finally {
    process.off('exit', explain);
    cancel();
  }
}

/** Its code, known here: while a process ends nothing can be imported that would look it up. */
const ENDED = 'TSU0106';

/** The process ends while the file is imported, which would look like success. */
function explainExit(label: string): void {
  const status = process.exitCode ?? 0;
  fs.writeSync(
    2,
    `tsunicorn: ${label}: it ended the process with status ${status} while it was loaded; remove its process.exit() [${ENDED}]\n`,
  );
  process.exitCode = EXIT.usage;
}

async function importModule(path: string, label: string, cacheKey: string | null): Promise<unknown> {
  const url = pathToFileURL(path);
  if (cacheKey !== null) {
    url.searchParams.set('g', cacheKey);
    // CommonJS is cached by path, whatever the query.
    delete createRequire(import.meta.url).cache[path];
  }
  try {
    return await import(url.href);
  } catch (error) {
    throw new UsageError(`${label}: ${describeFailure(error, path)}`);
  }
}

function defaultOf(namespace: unknown): unknown {
  const exported = propertyOf(namespace, 'default');
  // CommonJS that a compiler made of a module has its default export one level down.
  return propertyOf(exported, '__esModule') === true ? propertyOf(exported, 'default') : exported;
}

function propertyOf(holder: unknown, key: string): unknown {
  if (typeof holder !== 'object' || holder === null) return undefined;
  return Reflect.get(holder, key);
}

function describeFailure(thrown: unknown, path: string): string {
  const where = failedAt(thrown, path);
  // If a file that it imports failed, the place names that file.
  const cure =
    thrown instanceof SyntaxError && where.startsWith(' (at line') ? esModuleCure(thrown, path) : null;
  if (cure !== null) return `it ${cure}`;
  if (codeOf(thrown) === 'ERR_UNKNOWN_FILE_EXTENSION' && messageOf(thrown).endsWith(path))
    return 'its name does not end in .ts, .mts, .js, .mjs or .json';
  if (thrown instanceof SyntaxError) return `it does not parse: ${messageOf(thrown)}${where}`;
  const kind = thrown instanceof Error ? `${thrown.name}: ` : '';
  return `it threw: ${kind}${messageOf(thrown)}${where}`;
}

// The first place in the stack outside Node and our own files, above the import in this one.
function failedAt(thrown: unknown, path: string): string {
  const stack = thrown instanceof Error ? (thrown.stack ?? '') : '';
  const places = stack.split('\n').flatMap((line) => parserPlaceOf(line) ?? frameOf(line) ?? []);
  const here = places.findIndex(({ file }) => file === import.meta.filename);
  const above = here < 0 ? places : places.slice(0, here);
  const place = above.find(({ file }) => !isOwnFile(file));
  if (place === undefined) return '';
  return place.file === path ? ` (at line ${place.line})` : ` (at ${place.file}:${place.line})`;
}
