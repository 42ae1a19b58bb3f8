import { globSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse as parseToml } from 'smol-toml';
import { parseAllDocuments, parse as parseYaml } from 'yaml';
import { parseArguments } from '../../src/main/options.ts';
import { type Loaded, loadSettings } from '../../src/settings/load.ts';
import { splitArguments } from '../../src/settings/sources/split-arguments.ts';
import { root } from './tsunicorn.ts';

/** A command of ours in a file of deploy/: the words behind its name, and the variables that are set for it. */
export interface DeployedCommand {
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

type Variables = readonly { readonly name: string; readonly value: string }[];

/** The files of deploy/, relative to it. */
export function deployedFiles(): readonly string[] {
  const cwd = join(root, 'deploy');
  return globSync('**/*', { cwd, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(cwd.length + 1))
    .toSorted();
}

export function deployedText(file: string): string {
  return readFileSync(join(root, 'deploy', file), 'utf8');
}

/** The settings that a command is started with. Rejects as it would be refused. */
export function settingsOf({ words, env }: DeployedCommand): Promise<Loaded> {
  const input = { argv: words, env, cwd: tmpdir(), parse: parseArguments, applyEnvironment: () => {} };
  return loadSettings(input);
}

/** The command of a container of Kubernetes. */
export function commandOf(container: {
  readonly args: readonly string[];
  readonly env?: Variables;
}): DeployedCommand {
  return { words: container.args, env: variablesOf(container.env ?? []) };
}

/** The commands of ours in a file of deploy/; null for a file of a kind that is not known. */
export function commandsIn(file: string): readonly DeployedCommand[] | null {
  const text = deployedText(file);
  switch (file.replace(/^.*\//, '').replace(/^.*\./, '')) {
    case 'conf':
    case 'Caddyfile':
      return lines(/^# tsunicorn (.*)$/gm, text);
    case 'Procfile':
      return lines(/^web: \S+\/tsunicorn (.*)$/gm, text);
    case 'service':
      return lines(/^ExecStart=\S+\/tsunicorn ?(.*)$/gm, text);
    case 'hcl':
      return [nomadCommand(text)];
    case 'toml':
      return [flyCommand(parseToml(text) as unknown as Fly)];
    case 'json':
      return file === 'ecs.json' ? [ecsCommand(JSON.parse(text))] : [];
    case 'yml':
      return file === 'kamal.yml' ? [kamalCommand(parseYaml(text))] : [];
    case 'yaml':
      return containersIn(text).map(commandOf);
    case 'socket':
    case 'txt':
      return [];
    default:
      return null;
  }
}

function lines(pattern: RegExp, text: string): readonly DeployedCommand[] {
  return [...text.matchAll(pattern)].map(([, rest = '']) => ({ words: splitArguments(rest, rest), env: {} }));
}

function variablesOf(variables: Variables): Readonly<Record<string, string>> {
  return Object.fromEntries(variables.map(({ name, value }) => [name, value]));
}

// biome-ignore lint/suspicious/noExplicitAny: only containers are looked for, which the schemas check.
function containersIn(text: string): readonly any[] {
  return parseAllDocuments(text).flatMap((document) => {
    const containers = document.toJS()?.spec?.template?.spec?.containers ?? [];
    return containers.filter(({ args }: { readonly args?: unknown }) => args !== undefined);
  });
}

/** HCL has no parser here: the list behind `args`, and the block `env`. */
function nomadCommand(text: string): DeployedCommand {
  const [, list = ''] = /^ +args = \[([^\]]*)\]/m.exec(text) ?? [];
  const [, block = ''] = /^ +env \{([^}]*)\}/m.exec(text) ?? [];
  const variables = [...block.matchAll(/^ +(\w+) += "(.*)"$/gm)];
  return {
    words: [...list.matchAll(/"([^"]*)"/g)].map(([, word = '']) => word),
    env: Object.fromEntries(variables.map(([, name = '', value = '']) => [name, value])),
  };
}

/** What is looked at of the file of Fly. */
interface Fly {
  readonly env: Readonly<Record<string, string>>;
  readonly processes: { readonly web: string };
}

function flyCommand({ env, processes }: Fly): DeployedCommand {
  return { words: splitArguments('web', processes.web).slice(1), env };
}

interface TaskDefinition {
  readonly containerDefinitions: readonly {
    readonly command: readonly string[];
    readonly environment: Variables;
  }[];
}

function ecsCommand({ containerDefinitions: [container] }: TaskDefinition): DeployedCommand {
  return { words: container?.command.slice(1) ?? [], env: variablesOf(container?.environment ?? []) };
}

interface Kamal {
  readonly servers: { readonly web: { readonly cmd: string } };
  readonly env: { readonly clear: Readonly<Record<string, string>> };
}

function kamalCommand({ servers, env }: Kamal): DeployedCommand {
  return { words: splitArguments('cmd', servers.web.cmd).slice(1), env: env.clear };
}
