import type { Hooks } from '../hooks.ts';
import type { Setting } from '../setting.ts';
import { application } from './application.ts';
import { binding } from './binding.ts';
import { companions } from './companions.ts';
import { development } from './development.ts';
import { files } from './files.ts';
import { limits } from './limits.ts';
import { logging } from './logging.ts';
import { observing } from './observing.ts';
import { processSettings } from './process.ts';
import { proxies } from './proxies.ts';
import { recycling } from './recycling.ts';
import { timeouts } from './timeouts.ts';
import { tls } from './tls.ts';
import { workers } from './workers.ts';

/** Every setting there is: the source of options, variables, types, help and documentation. */
export const catalogue = {
  ...application,
  ...binding,
  ...proxies,
  ...tls,
  ...files,
  ...workers,
  ...companions,
  ...timeouts,
  ...limits,
  ...recycling,
  ...processSettings,
  ...logging,
  ...observing,
  ...development,
};

type Catalogue = typeof catalogue;

export type SettingName = keyof Catalogue;

/** Every setting's value. It is plain data, so that it can travel to the workers. Durations are in seconds. */
export type Settings = {
  readonly [Name in SettingName]: Catalogue[Name] extends Setting<infer Value, unknown> ? Value : never;
};

type ConfigName = {
  [Name in SettingName]: Catalogue[Name]['reach'] extends 'everywhere' | 'notEnvironment' | 'configOnly'
    ? Name
    : never;
}[SettingName];

type InputOf<Name extends SettingName> = NonNullable<Catalogue[Name]['kind']['input']>;

type NullOf<Name extends SettingName> = Extract<Settings[Name], null>;

/** What a config file exports: any of the settings, in the forms that their kinds accept, and any of the hooks. */
export type UserConfig = {
  readonly [Name in ConfigName]?: InputOf<Name> | NullOf<Name> | undefined;
} & Hooks;

/** The sections of the help and of the documentation, in order. */
export const sections: readonly (readonly [title: string, names: readonly SettingName[]])[] = [
  ['Application', namesOf(application)],
  ['Binding', namesOf(binding)],
  ['Proxies', namesOf(proxies)],
  ['TLS', namesOf(tls)],
  ['Static files', namesOf(files)],
  ['Workers', namesOf(workers)],
  ['Companions', namesOf(companions)],
  ['Timeouts', namesOf(timeouts)],
  ['Limits of requests', namesOf(limits)],
  ['Recycling', namesOf(recycling)],
  ['Process', namesOf(processSettings)],
  ['Logging', namesOf(logging)],
  ['Health and metrics', namesOf(observing)],
  ['Development', namesOf(development)],
];

export const settingNames: readonly SettingName[] = namesOf(catalogue);

/** Gunicorn's settings that are refused, each with the reason that the operator is told. */
export const refused: ReadonlyMap<string, string> = new Map([
  [
    'preload',
    'Node cannot fork a loaded process; remove it: the compile cache makes the next start fast instead',
  ],
]);

/** Whether the word is a setting's name. */
export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(catalogue, name);
}

/** The setting without its types, for code that treats all alike. */
export function settingOf(name: SettingName): Setting<unknown, unknown> {
  return catalogue[name];
}

/** The variables that give a setting, the one that wins first: `TSUNICORN_WORKERS`, `WEB_CONCURRENCY`. */
export function variablesOf(name: SettingName): readonly string[] {
  const { reach, variables = [] } = settingOf(name);
  if (reach !== 'everywhere' && reach !== 'notConfig') return [];
  return [ownVariable(name), ...variables.map((variable) => variable.name)];
}

/** Whether the config file may hold the setting. */
export function isConfigurable(name: SettingName): boolean {
  const { reach } = settingOf(name);
  return reach !== 'notConfig' && reach !== 'argumentsOnly';
}

function ownVariable(name: SettingName): string {
  return `TSUNICORN_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`;
}

function namesOf<Part extends Partial<Catalogue>>(part: Part): readonly (keyof Part & SettingName)[] {
  return Object.keys(part).filter(isSettingName) as (keyof Part & SettingName)[];
}
