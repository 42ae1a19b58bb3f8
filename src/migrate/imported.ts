/** A remark on what does not come over as it was. */
export interface Remark {
  /** As the source has it: `cron_restart`, `--preload`. */
  readonly what: string;
  readonly how: 'differently' | 'not';
  /** Why, and what to do instead. */
  readonly why: string;
}

/** Settings for the configuration file, in order; each value can be written as JSON. */
export type Entries = readonly (readonly [key: string, value: unknown])[];

/** What a piece of the source becomes. */
export interface Piece {
  readonly entries?: Entries;
  readonly remarks?: readonly Remark[];
  /** Behind the command, such as a redirection. */
  readonly behind?: string;
}

/** One application of another process manager, as a configuration of ours. */
export interface ImportedApp {
  readonly name: string;
  readonly entries: Entries;
  readonly remarks: readonly Remark[];
  readonly behind: string;
  /** Further environments: the variables of each by its name. */
  readonly environments: readonly (readonly [name: string, env: Readonly<Record<string, string>>])[];
}

/** All that a source says. */
export interface Imported {
  /** What it is called in the output. */
  readonly source: string;
  readonly apps: readonly ImportedApp[];
  /** About the whole of it. */
  readonly remarks: readonly Remark[];
}

/** The pieces as one application. Of entries with the same key the later one counts; those of `env` are joined. */
export function appOf(
  name: string,
  pieces: readonly Piece[],
  environments: ImportedApp['environments'] = [],
): ImportedApp {
  const values = new Map<string, unknown>();
  for (const [key, value] of pieces.flatMap(({ entries = [] }) => entries)) {
    const before = values.get(key);
    values.set(key, key === 'env' && before !== undefined ? { ...Object(before), ...Object(value) } : value);
  }
  return {
    name,
    entries: [...values],
    remarks: pieces.flatMap(({ remarks = [] }) => remarks),
    behind: pieces.map(({ behind = '' }) => behind).join(''),
    environments,
  };
}

/** A setting of the same meaning. */
export function setting(key: string, value: unknown): Piece {
  return { entries: [[key, value]] };
}

/** What has no place here, and why. */
export function not(what: string, why: string): Piece {
  return { remarks: [{ what, how: 'not', why }] };
}

/** What is done in another way, with the settings that come nearest. */
export function differently(what: string, why: string, entries: Entries = []): Piece {
  return { entries, remarks: [{ what, how: 'differently', why }] };
}
