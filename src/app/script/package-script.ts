import { join } from 'node:path';
import { fs } from '../../support/builtins.ts';
import { messageOf } from '../../support/errors.ts';

/** A script of package.json, and what is to be put behind its command. */
export interface PackageScript {
  readonly manager: string;
  readonly name: string;
  readonly args: readonly string[];
}

/** What npm would run for it. */
export interface FoundScript {
  readonly text: string;
  /** What npm sets for the script. */
  readonly variables: Readonly<Record<string, string>>;
  /** The scripts that run before and after it, with their commands. */
  readonly skipped: readonly (readonly [name: string, command: string])[];
}

const MANAGERS: ReadonlySet<string> = new Set(['npm', 'pnpm', 'yarn']);
const RUN: ReadonlySet<string> = new Set(['run', 'run-script']);

type Refuse = (why: string) => never;

/** The script that `npm start`, `pnpm serve` or `yarn run x` names; null where the command is no package manager's. */
export function scriptName(manager: string, words: readonly string[], refuse: Refuse): PackageScript | null {
  if (!MANAGERS.has(manager)) return null;
  const [verb = '', ...rest] = words;
  const isRun = RUN.has(verb);
  const [name = '', ...args] = isRun ? rest : words;
  const known = isRun || verb === 'start' || manager !== 'npm';
  if (!known || name === '' || name.startsWith('-'))
    return refuse(`it runs no script of package.json; write ${manager} start or ${manager} run <script>`);
  return { manager, name, args: args[0] === '--' ? args.slice(1) : args };
}

/** Reads the script from package.json in `cwd`. */
export function packageScript({ name, manager }: PackageScript, cwd: string, refuse: Refuse): FoundScript {
  const file = join(cwd, 'package.json');
  const manifest = readManifest(file, refuse);
  const scripts = tableOf(manifest.scripts);
  const text = scripts[name] ?? defaultOf(name, cwd);
  if (text === undefined) {
    const names = Object.keys(scripts).join(', ');
    return refuse(`${file} has no script ${name}${names === '' ? '' : `; it has ${names}`}`);
  }
  const skipped = manager === 'npm' ? [`pre${name}`, `post${name}`] : [`pre${name}`];
  const { name: packageName, version } = manifest;
  return {
    text,
    variables: {
      npm_lifecycle_event: name,
      npm_lifecycle_script: text,
      npm_package_json: file,
      ...(typeof packageName === 'string' ? { npm_package_name: packageName } : {}),
      ...(typeof version === 'string' ? { npm_package_version: version } : {}),
    },
    skipped: skipped.flatMap((other) => {
      const command = scripts[other];
      return command === undefined ? [] : [[other, command] as const];
    }),
  };
}

/** What npm itself runs for `npm start` where package.json does not say. */
function defaultOf(name: string, cwd: string): string | undefined {
  return name === 'start' && fs.existsSync(join(cwd, 'server.js')) ? 'node server.js' : undefined;
}

function readManifest(file: string, refuse: Refuse): Readonly<Record<string, unknown>> {
  try {
    const manifest: unknown = JSON.parse(fs.readFileSync(file, 'utf8'));
    if (typeof manifest === 'object' && manifest !== null) return { ...manifest };
  } catch (error) {
    return refuse(`${file} cannot be read (${messageOf(error)}); check --chdir`);
  }
  return refuse(`${file} is no object`);
}

function tableOf(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {};
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
