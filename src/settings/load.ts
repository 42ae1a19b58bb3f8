import { resolve } from 'node:path';
import { fs } from '../support/builtins.ts';
import type { Clock } from '../support/clock.ts';
import { codeOf, messageOf, UsageError } from '../support/errors.ts';
import { absolutePaths } from './absolute-paths.ts';
import type { Address } from './address.ts';
import { type SettingName, type Settings, settingNames } from './catalogue/catalogue.ts';
import { startingWorkers } from './catalogue/workers.ts';
import type { HookName, Hooks } from './hooks.ts';
import {
  argumentLayer,
  defaultLayer,
  environmentEntry,
  environmentLayer,
  type Layer,
  layerOf,
  mergeLayers,
} from './layer.ts';
import { type Origin, sourceOf } from './origin.ts';
import { addedEnvironment, addedSince } from './sources/added-environment.ts';
import type { ParseArguments } from './sources/argv.ts';
import type { CodeInput } from './sources/code.ts';
import {
  type ConfigFile,
  type ConfigName,
  configText,
  namedConfig,
  placeOf,
  readConfig,
  searchConfig,
} from './sources/file.ts';
import { configLayer, hookNamesOf, hooksOf, originOf } from './sources/file-layer.ts';
import { splitArguments } from './sources/split-arguments.ts';

export type { Origin } from './origin.ts';

/** The settings of one start or reload, and where each comes from. All but `hooks` is plain data. */
export interface Loaded {
  /** Frozen. `config`, `chdir` and what the arbiter opens are absolute paths; others are relative to `chdir`. */
  readonly settings: Settings;
  readonly origins: Readonly<Record<SettingName, Origin>>;
  /** Absolute. */
  readonly configFile: string | null;
  /** The export in it that was asked for; null is the default export. */
  readonly profile: string | null;
  /** The functions in the config file; none without one. */
  readonly hooks: Hooks;
  readonly hookNames: readonly HookName[];
  readonly hookOrigins: Readonly<Partial<Record<HookName, Origin>>>;
  /** What env-file and env add to the process environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Sockets that systemd passed; they stand in for `settings.bind`. */
  readonly sockets: readonly Address[];
}

/** The part that can be sent to another process. */
export type LoadedData = Omit<Loaded, 'hooks'>;

/** What the settings are read from. */
export interface SettingsInput {
  readonly argv: readonly string[];
  /** The environment as it was before anything was added to it. */
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly sockets?: readonly Address[];
  /** What a program says, for a service that it creates; then the variables of the environment are no settings. */
  readonly code?: CodeInput;
}

export interface LoadInput extends SettingsInput {
  /** Reads the words of `argv` and of TSUNICORN_CMD_ARGS. */
  readonly parse: ParseArguments;
  /**
   * Called with the variables of env-file and env before the config file is imported, so that it can read them from
   * process.env, and again with those that the config file adds.
   */
  readonly applyEnvironment: (added: Readonly<Record<string, string>>) => void;
  /** A new key reads the config file again. */
  readonly cacheKey?: string | null;
  /** For the limit on the import of the config file. */
  readonly clock?: Clock;
}

/**
 * Reads every source and merges them: default < environment < config file < TSUNICORN_CMD_ARGS < argv; in a program,
 * default < config file < code. Throws a UsageError of one line. `--help` and `--version` print and exit with status 0.
 */
export async function loadSettings(input: LoadInput): Promise<Loaded> {
  const { cwd, applyEnvironment } = input;
  // applyEnvironment may change the same object.
  const env = { ...input.env };
  const commands =
    input.code === undefined
      ? commandLayers(input, env)
      : [(await import('./sources/code.ts')).codeLayer(input.code)];
  const early = addedEnvironment(mergeLayers(commands), env, { cwd, file: null });
  applyEnvironment(early);

  const file = await findConfig(input, commands, { ...env, ...early });
  const above = [file === null ? {} : configLayer(file), ...commands];
  const environment = addedEnvironment(mergeLayers(above), env, { cwd, file });
  const late = addedSince(early, environment);
  if (Object.keys(late).length > 0) applyEnvironment(late);

  const variables = input.code === undefined ? environmentLayer({ ...env, ...environment }) : {};
  const layer = mergeLayers([defaultLayer(), variables, ...above]);
  const hooks = file === null ? {} : hooksOf(file);
  const hookNames = hookNamesOf(hooks);
  return {
    ...settle(layer, cwd, file),
    configFile: file?.path ?? null,
    profile: file?.profile ?? null,
    hooks,
    hookNames,
    hookOrigins:
      file === null ? {} : Object.fromEntries(hookNames.map((name) => [name, originOf(file, name)])),
    environment: Object.freeze(environment),
    sockets: input.sockets ?? [],
  };
}

/**
 * The hooks of a config file, or of a profile in it, imported again with another `cacheKey`; messages name it as seen from
 * `cwd`. Throws a UsageError.
 */
export async function loadHooks(
  configFile: string,
  cacheKey: string | null,
  cwd: string,
  profile: string | null,
): Promise<Hooks> {
  return hooksOf(await readConfig({ path: configFile, profile }, { cwd, cacheKey }));
}

function commandLayers({ argv, parse }: LoadInput, env: NodeJS.ProcessEnv): readonly Layer[] {
  const words = splitArguments('TSUNICORN_CMD_ARGS', env.TSUNICORN_CMD_ARGS ?? '');
  return [
    words.length === 0 ? {} : argumentLayer(parse(words, 'cmdargs'), 'cmdargs'),
    argumentLayer(parse(argv, 'argv'), 'argv'),
  ];
}

async function findConfig(
  { cwd, cacheKey = null, clock, code }: LoadInput,
  commands: readonly Layer[],
  env: NodeJS.ProcessEnv,
): Promise<ConfigFile | null> {
  const name = code === undefined ? configName(cwd, commands, env) : codeConfig(cwd, code);
  if (name === null) return null;
  return readConfig(name, clock === undefined ? { cwd, cacheKey } : { cwd, cacheKey, clock });
}

function codeConfig(cwd: string, { config }: CodeInput): ConfigName | null {
  return config === null ? null : namedConfig('createService(): config', cwd, config);
}

function configName(cwd: string, commands: readonly Layer[], env: NodeJS.ProcessEnv): ConfigName | null {
  const fromEnvironment = layerOf(environmentEntry('config', env));
  const named = mergeLayers([fromEnvironment, ...commands]).config;
  return named === undefined || named.value === null
    ? searchConfig(cwd)
    : namedConfig(sourceOf(named.origin).replace('--config', '-c'), cwd, named.value);
}

function settle(layer: Layer, cwd: string, file: ConfigFile | null): Pick<Loaded, 'settings' | 'origins'> {
  const given = (name: SettingName) => layer[name] ?? unreachable(name);
  // Every value has come from its setting's kind or default, which is what Settings is made of.
  const values = Object.fromEntries(settingNames.map((name) => [name, given(name).value])) as Settings;
  const origins = Object.fromEntries(settingNames.map((name) => [name, given(name).origin]));
  const chdir = existingDirectory(placeOf('chdir', given('chdir').origin, file), resolve(cwd, values.chdir));
  const workers = startingWorkers(values, given('workers').origin.source !== 'default', (name) =>
    placeOf(name, given(name).origin, file),
  );
  const settings: Settings = {
    ...values,
    ...absolutePaths(values, chdir),
    config: file === null ? null : configText(file),
    chdir,
    workers,
  };
  for (const value of Object.values(settings)) Object.freeze(value);
  return { settings: Object.freeze(settings), origins: origins as Loaded['origins'] };
}

function existingDirectory(source: string, path: string): string {
  try {
    if (!fs.statSync(path, { throwIfNoEntry: false })?.isDirectory())
      throw new UsageError(`${source}: no such directory: ${path}`);
    fs.accessSync(path, fs.constants.X_OK);
    // Links are resolved now: a replacement worker must run in the same directory as the others.
    return fs.realpathSync(path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(
      `${source}: cannot enter ${path} (${codeOf(error) ?? messageOf(error)}); choose a directory that this user may enter`,
    );
  }
}

function unreachable(name: string): never {
  throw new Error(`setting ${name} has no default`);
}
