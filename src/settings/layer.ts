import { messageOf, UsageError } from '../support/errors.ts';
import {
  isSettingName,
  type SettingName,
  type Settings,
  settingNames,
  settingOf,
  variablesOf,
} from './catalogue/catalogue.ts';
import { type Origin, sourceOf } from './origin.ts';
import { isNegative, longFlag, Mismatch } from './setting.ts';

/** What one source says: some of the settings, each with its origin. */
export type Layer = {
  readonly [Name in SettingName]?: { readonly value: Settings[Name]; readonly origin: Origin };
};

/** The texts behind each flag that was given, in order; a flag without an argument has an empty text. */
export type GivenTexts = Readonly<Partial<Record<SettingName, readonly string[]>>>;

/** One setting as a source gives it; the value has come from the setting's kind. */
export type Entry = readonly [name: SettingName, value: unknown, origin: Origin];

/** The lowest layer. */
export function defaultLayer(): Layer {
  const origin: Origin = { source: 'default', name: '' };
  return layerOf(settingNames.map((name) => [name, settingOf(name).default, origin]));
}

/** What the environment says; an empty variable counts as unset. Throws a UsageError that names the variable. */
export function environmentLayer(env: NodeJS.ProcessEnv): Layer {
  return layerOf(settingNames.flatMap((name) => environmentEntry(name, env)));
}

/** What `environmentLayer` would say of one setting: one entry or none. */
export function environmentEntry(name: SettingName, env: NodeJS.ProcessEnv): readonly Entry[] {
  const variable = variablesOf(name).find((candidate) => env[candidate]);
  if (variable === undefined) return [];
  const { kind, variables = [] } = settingOf(name);
  const extra = variables.find((candidate) => candidate.name === variable);
  const text = env[variable] ?? '';
  const origin: Origin = { source: 'environment', name: variable };
  const value = named(sourceOf(origin), () => (extra === undefined ? kind.fromText(text) : extra.read(text)));
  return [[name, value, origin]];
}

/** What a command line says, once parsed. Throws a UsageError that names the flag. */
export function argumentLayer(given: GivenTexts, source: 'cmdargs' | 'argv'): Layer {
  return layerOf(
    Object.entries(given).flatMap(([name, texts]): readonly Entry[] => {
      if (!isSettingName(name) || texts === undefined) return [];
      const { kind } = settingOf(name);
      const origin: Origin = { source, name: longFlag(settingOf(name)) ?? kind.placeholder ?? name };
      const value =
        kind.placeholder === null
          ? !isNegative(settingOf(name))
          : named(sourceOf(origin), () => kind.fromTexts(texts));
      return [[name, value, origin]];
    }),
  );
}

/** The layers as one, from low to high: a higher value replaces a lower one, or joins it where its kind says so. */
export function mergeLayers(layers: readonly Layer[]): Layer {
  return layerOf(
    settingNames.flatMap((name): readonly Entry[] => {
      const { merge } = settingOf(name).kind;
      const said = layers.flatMap((layer) => layer[name] ?? []);
      const highest = said.at(-1);
      if (highest === undefined) return [];
      const values = said.map(({ value }): unknown => value);
      return [[name, merge === undefined ? highest.value : values.reduce(merge), highest.origin]];
    }),
  );
}

/** Puts the entries together; the values have come from their settings' kinds. */
export function layerOf(entries: readonly Entry[]): Layer {
  return Object.fromEntries(entries.map(([name, value, origin]) => [name, { value, origin }]));
}

/** Runs `read` and puts `source` before the message of a Mismatch. */
export function named<Value>(source: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    throw new UsageError(`${source}: ${messageOf(error)}`);
  }
}
