import { MOUNT_PATH, mountPathOf } from '../support/mount-path.ts';
import { type Kind, Mismatch } from './setting.ts';

/** Texts by the paths that they stand for: `/`, or `/…` without a slash at its end. */
export type ByPath = Readonly<Record<string, string>>;

export interface ByPathSpec {
  /** What is behind the `=`: `module:export`. */
  readonly value: string;
  /** An entry as people write it: `/api=api.ts:app`. */
  readonly example: string;
  /** The same in the configuration file, as the end of "expected …". */
  readonly object: string;
}

/** A repeated `/path=value`, an object in the config file. Those of several sources are joined. */
export function byPath({ value, example, object }: ByPathSpec): Kind<ByPath, ByPath> {
  const entry = `/path=${value}`;
  const entryOf = (text: string): readonly [path: string, held: string] => {
    const at = text.indexOf('=');
    if (at < 0) throw new Mismatch(`${entry}, such as ${example}`, text);
    return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  };
  const tableOf = (entries: readonly (readonly [path: string, held: unknown])[]) => joined(entries, value);
  return {
    placeholder: entry,
    expected: entry,
    // A value may have commas, as the arguments of a factory.
    fromText: (text) => tableOf(text.split(/,(?=\s*\/[^=,]*=)/).map(entryOf)),
    fromTexts: (texts) => tableOf(texts.map(entryOf)),
    fromValue(given) {
      if (typeof given !== 'object' || given === null || Array.isArray(given))
        throw new Mismatch(object, given);
      return tableOf(Object.entries(given));
    },
    toText: (table) => {
      const entries = Object.entries(table).map(([path, held]) => `${path}=${held}`);
      return entries.length === 0 ? 'none' : entries.join(',');
    },
    merge: (lower, higher) => ({ ...lower, ...higher }),
  };
}

function joined(entries: readonly (readonly [path: string, held: unknown])[], value: string): ByPath {
  const table: Record<string, string> = {};
  for (const [text, held] of entries) {
    const path = mountPathOf(text);
    if (path === null) throw new Mismatch(MOUNT_PATH, text);
    const key = path || '/';
    if (typeof held !== 'string' || held.trim() === '' || held.includes('\0'))
      throw new Mismatch(`${value} for "${key}"`, held);
    if (Object.hasOwn(table, key))
      throw new Mismatch(`each path once, without "${key}" a second time`, `${text}=${held}`);
    table[key] = held.trim();
  }
  return table;
}
