import { MOUNT_PATH, mountPathOf } from '../support/mount-path.ts';
import { type Kind, Mismatch } from './setting.ts';

/** Applications, as `module:export`, by the paths that they are mounted at: `/`, or `/…` without a slash at its end. */
export type Mounts = Readonly<Record<string, string>>;

/** What a service serves: an application, and others that are mounted beside it. */
export interface Served {
  readonly app: string | null;
  readonly mount: Mounts;
}

const ENTRY = '/path=module:export';

/** A repeated `/path=module:export`, an object in the config file. Those of several sources are joined. */
export function mounts(): Kind<Mounts, Mounts> {
  return {
    placeholder: ENTRY,
    expected: ENTRY,
    // A factory's arguments may have commas.
    fromText: (text) => tableOf(text.split(/,(?=\s*\/[^=,]*=)/).map(entryOf)),
    fromTexts: (texts) => tableOf(texts.map(entryOf)),
    fromValue(value) {
      if (typeof value !== 'object' || value === null || Array.isArray(value))
        throw new Mismatch("an object of paths and applications, such as { '/api': 'api.ts:app' }", value);
      return tableOf(Object.entries(value));
    },
    toText: (table) => {
      const entries = Object.entries(table).map(([path, app]) => `${path}=${app}`);
      return entries.length === 0 ? 'none' : entries.join(',');
    },
    merge: (lower, higher) => ({ ...lower, ...higher }),
  };
}

function entryOf(text: string): readonly [path: string, app: string] {
  const at = text.indexOf('=');
  if (at < 0) throw new Mismatch(`${ENTRY}, such as /api=api.ts:app`, text);
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

function tableOf(entries: readonly (readonly [path: string, app: unknown])[]): Mounts {
  const table: Record<string, string> = {};
  for (const [text, app] of entries) {
    const path = mountPathOf(text);
    if (path === null) throw new Mismatch(MOUNT_PATH, text);
    const key = path || '/';
    if (typeof app !== 'string' || app.trim() === '') throw new Mismatch(`module:export for "${key}"`, app);
    if (Object.hasOwn(table, key))
      throw new Mismatch(`each path once, without "${key}" a second time`, `${text}=${app}`);
    table[key] = app.trim();
  }
  return table;
}

/** What is served, as lines of the log name it: the application, and what is mounted. */
export function servedName({ app, mount }: Served): string {
  const mounted = Object.entries(mount).map(([path, spec]) => `--mount ${path}=${spec}`);
  return [...(app === null ? [] : [app]), ...mounted].join(', ');
}
