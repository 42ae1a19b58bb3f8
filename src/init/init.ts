import { join } from 'node:path';
import type { LoadedData } from '../settings/load.ts';
import { fs } from '../support/builtins.ts';
import { codeOf, messageOf, UsageError } from '../support/errors.ts';
import { suggest } from '../support/suggest.ts';
import { type Facts, factsOf } from './facts.ts';

/** How tsunicorn is started where the project has no command of its own. */
type Command = readonly string[];

interface Kind {
  readonly file: (name: string) => string;
  readonly render: (facts: Facts, command: Command) => Promise<string>;
}

const KINDS: Readonly<Record<string, Kind>> = {
  systemd: {
    file: (name) => `${name}.service`,
    render: async (facts, command) => (await import('./systemd.ts')).systemdUnit(facts, command),
  },
  docker: {
    file: () => 'Dockerfile',
    render: async (facts) => (await import('./docker.ts')).dockerfile(facts),
  },
  kubernetes: {
    file: (name) => `${name}.yaml`,
    render: async (facts) => (await import('./kubernetes.ts')).kubernetesManifest(facts),
  },
  nginx: {
    file: (name) => `${name}.nginx.conf`,
    render: async (facts) => (await import('./nginx.ts')).nginxServer(facts),
  },
  procfile: {
    file: () => 'Procfile',
    render: async (facts) => (await import('./procfile.ts')).procfile(facts),
  },
};

/** Throws a UsageError where there is no such file to be written. */
export function checkKind(kind: string): void {
  if (Object.hasOwn(KINDS, kind)) return;
  const near = suggest(kind, Object.keys(KINDS));
  const hint = near === null ? '' : ` (did you mean ${near}?)`;
  throw new UsageError(
    `init ${kind}: it is not known${hint}; write tsunicorn init ${Object.keys(KINDS).join('|')}, and the application behind it`,
  );
}

/**
 * Writes the file of that kind for the loaded service into `cwd`; `words` is what the command line says of the service.
 * Resolves with the name of the file. Rejects with a UsageError where the file exists already.
 */
export async function writeFile(
  kind: string,
  loaded: LoadedData,
  words: readonly string[],
  { cwd, command }: { readonly cwd: string; readonly command: Command },
): Promise<string> {
  const { file, render } = KINDS[kind] ?? {};
  if (file === undefined || render === undefined) throw new Error(`no kind ${kind}`);
  const facts = factsOf(loaded, words, cwd);
  const name = file(facts.name);
  const text = await render(facts, command);
  try {
    fs.writeFileSync(join(cwd, name), text, { flag: 'wx' });
  } catch (error) {
    if (codeOf(error) === 'EEXIST')
      throw new UsageError(`init ${kind}: ${name} exists, and is not overwritten; rename or remove it first`);
    throw new UsageError(`init ${kind}: ${name} cannot be written: ${messageOf(error)}`);
  }
  return name;
}
