import { fs, util } from '../../support/builtins.ts';
import type { Layer } from '../layer.ts';
import { type ConfigFile, placeOf, readableFile } from './file.ts';

type Variables = Readonly<Record<string, string>>;

/**
 * What the layer's env-file and env add to `existing`: a file never replaces a variable that is there, env always
 * does, and a later file replaces an earlier one. Throws a UsageError for a file that cannot be read.
 */
export function addedEnvironment(
  layer: Layer,
  existing: NodeJS.ProcessEnv,
  from: { readonly cwd: string; readonly file: ConfigFile | null },
): Variables {
  const files = layer.envFile?.value ?? [];
  const source = layer.envFile === undefined ? '' : placeOf('envFile', layer.envFile.origin, from.file);
  const fromFiles = files.flatMap((file) =>
    Object.entries(util.parseEnv(fs.readFileSync(readableFile(source, from.cwd, file), 'utf8'))),
  );
  const missing = fromFiles.filter(([name]) => existing[name] === undefined);
  return Object.fromEntries([...definedOnly(missing), ...Object.entries(layer.env?.value ?? {})]);
}

/** What is in `after` and not, or with another value, in `before`. */
export function addedSince(before: Variables, after: Variables): Variables {
  return Object.fromEntries(Object.entries(after).filter(([name, value]) => before[name] !== value));
}

/** `env`, to which those were added, as it would be without: each of them is what it was `before`, or not there. */
export function withoutAdded(
  env: NodeJS.ProcessEnv,
  added: Variables,
  before: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const names = new Set(Object.keys(added));
  const others = Object.entries(env).filter(([name]) => !names.has(name));
  const restored = Object.entries(before).filter(([name]) => names.has(name));
  return Object.fromEntries([...others, ...restored]);
}

function definedOnly(
  entries: readonly (readonly [string, string | undefined])[],
): readonly [string, string][] {
  return entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
}
