import { createRequire, registerHooks } from 'node:module';
import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fs } from '../support/builtins.ts';

/** Node's own options as a process of ours is started with them. */
export interface NodeOptions {
  /** The words of NODE_OPTIONS, as the process gets them. */
  readonly words: readonly string[];
  /** Before the script. */
  readonly execArgv: readonly string[];
  /** NODE_OPTIONS, where it must differ from what it was. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface GivenOptions {
  /** Of the command line. */
  readonly execArgv: readonly string[];
  /** Of the command that the application is given by, as seen from `to`. */
  readonly program?: readonly string[];
  /** The environment of the process that is to be started, with its NODE_OPTIONS. */
  readonly env: NodeJS.ProcessEnv;
  /** The directory in which the command was given, to which the options are relative. */
  readonly from: string;
  /** The directory in which the process is to be started. */
  readonly to: string;
}

const MODULES = new Set(['--import', '--require', '-r', '--loader', '--experimental-loader']);
const REQUIRED = new Set(['--require', '-r']);
const PATHS = new Set([
  '--allow-fs-read',
  '--allow-fs-write',
  '--cpu-prof-dir',
  '--diagnostic-dir',
  '--heap-prof-dir',
  '--icu-data-dir',
  '--localstorage-file',
  '--openssl-config',
  '--redirect-warnings',
  '--report-dir',
  '--report-directory',
  '--tls-keylog',
  '--trace-event-file-pattern',
]);
// The arbiter has read them into its environment, which its children inherit; their user need not be allowed to read them.
const ENV_FILES = new Set(['--env-file', '--env-file-if-exists']);
const INSPECTED = /^--inspect(-brk|-wait)?(=|$)/;
const PORTS = new Set(['--inspect-port', '--debug-port']);
const PUBLISHED = '--inspect-publish-uid';
const DEFAULT_PORT = 9229;
const PORT_RANGE = { least: 1024, most: 65_535 };

/**
 * The options of a worker by its number: the same as ours, and as relative to `from`. Where an inspector is asked for,
 * each process has a port of its own, counted from the next after the one that was asked for, as in node:cluster.
 */
export function optionsFor({
  execArgv,
  program = [],
  env,
  from,
  to,
}: GivenOptions): (number: number) => NodeOptions {
  const words = splitNodeOptions(env.NODE_OPTIONS ?? '');
  const move = isSameDirectory(from, to) ? (all: readonly string[]) => all : relocatorFrom(from);
  const moved = move(words);
  const isMoved = moved.some((word, index) => word !== words[index]);
  const own = [...move(without(execArgv, (name) => ENV_FILES.has(name), ENV_FILES)), ...program];
  const port = inspectorPort([...words, ...execArgv, ...program]);
  return (number) => ({
    words: moved,
    execArgv: port === null ? own : [...own, `--inspect-port=${portOf(port, number)}`],
    environment: isMoved ? { NODE_OPTIONS: joinNodeOptions(moved) } : {},
  });
}

/** The same options without those of the inspector, for a process that nobody debugs and whose port would be taken. */
export function withoutInspector(execArgv: readonly string[], env: NodeJS.ProcessEnv): NodeOptions {
  const strip = (words: readonly string[]) =>
    without(words, (name) => INSPECTED.test(name) || PORTS.has(name) || name === PUBLISHED, TAKE_PORT);
  const words = splitNodeOptions(env.NODE_OPTIONS ?? '');
  const kept = strip(words);
  return {
    words: kept,
    execArgv: strip(execArgv),
    environment: kept.length === words.length ? {} : { NODE_OPTIONS: joinNodeOptions(kept) },
  };
}

const TAKE_PORT = new Set([...PORTS, PUBLISHED]);

/** NODE_OPTIONS as Node takes it apart: at spaces, but for those in double quotes, where a backslash escapes. */
export function splitNodeOptions(text: string): readonly string[] {
  const words = text.match(/(?:"(?:\\.|[^"\\])*"|[^ "])+/gs) ?? [];
  return words.map((word) =>
    word.replace(/"((?:\\.|[^"\\])*)"/gs, (_, quoted: string) => quoted.replace(/\\(.)/gs, '$1')),
  );
}

function joinNodeOptions(words: readonly string[]): string {
  return words.map((word) => (/[ "\\]/.test(word) ? `"${word.replace(/["\\]/g, '\\$&')}"` : word)).join(' ');
}

interface Option {
  readonly name: string;
  /** Of its own word, or behind the `=`; null where there is none. */
  readonly value: string | null;
  readonly joined: boolean;
}

/** The words as options; those of `valued` take the next word as their value where they have no `=`. */
function optionsIn(words: readonly string[], valued: ReadonlySet<string>): readonly Option[] {
  const options: Option[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    const [, name = word, joined] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
    if (joined !== undefined) options.push({ name, value: joined, joined: true });
    else if (valued.has(word)) options.push({ name, value: words[++index] ?? null, joined: false });
    else options.push({ name, value: null, joined: false });
  }
  return options;
}

function wordsOf({ name, value, joined }: Option): readonly string[] {
  if (value === null) return [name];
  return joined ? [`${name}=${value}`] : [name, value];
}

function without(
  words: readonly string[],
  unwanted: (name: string) => boolean,
  valued: ReadonlySet<string>,
): readonly string[] {
  return optionsIn(words, valued)
    .filter(({ name }) => !unwanted(name))
    .flatMap(wordsOf);
}

const RELATIVE_VALUES = new Set([...MODULES, ...PATHS]);

function relocatorFrom(from: string): (words: readonly string[]) => readonly string[] {
  const moved = ({ name, value }: Option) => {
    if (value === null) return null;
    if (MODULES.has(name)) return moduleFrom(from, value, REQUIRED.has(name));
    return !PATHS.has(name) || value === '*' || isAbsolute(value) ? value : resolve(from, value);
  };
  return (words) =>
    optionsIn(words, RELATIVE_VALUES).flatMap((option) => wordsOf({ ...option, value: moved(option) }));
}

/** The module that a preload names, as from the directory `from`; what cannot be found is left for Node to complain of. */
function moduleFrom(from: string, specifier: string, required: boolean): string {
  const base = pathToFileURL(`${from}/`);
  const isPath = /^\.{0,2}\//.test(specifier) || specifier === '.' || specifier === '..';
  if (isPath) return required ? resolve(from, specifier) : new URL(specifier, base).href;
  try {
    return required ? createRequire(base).resolve(specifier) : importedFrom(base.href, specifier);
  } catch {
    return specifier;
  }
}

/** import.meta.resolve() for another place than this file: its second argument is behind a flag. */
function importedFrom(parentURL: string, specifier: string): string {
  const hooks = registerHooks({
    resolve: (asked, context, next) => next(asked, { ...context, parentURL }),
  });
  try {
    return import.meta.resolve(specifier);
  } finally {
    hooks.deregister();
  }
}

/** The port that the last of the words asks for; null where no inspector is asked for, or any port will do. */
function inspectorPort(words: readonly string[]): number | null {
  const options = optionsIn(words, TAKE_PORT);
  if (!options.some(({ name }) => INSPECTED.test(name))) return null;
  const ports = options
    .filter(({ name }) => INSPECTED.test(name) || PORTS.has(name))
    .flatMap(({ value }) => /(?:^|:)(\d+)$/.exec(value ?? '')?.[1] ?? []);
  return Number(ports.at(-1) ?? DEFAULT_PORT) || null;
}

function portOf(base: number, number: number): number {
  const port = base + 1 + number;
  return port > PORT_RANGE.most ? port - PORT_RANGE.most + PORT_RANGE.least - 1 : port;
}

function isSameDirectory(one: string, other: string): boolean {
  if (one === other) return true;
  const [a, b] = [one, other].map((path) => fs.statSync(path, { throwIfNoEntry: false }));
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}
