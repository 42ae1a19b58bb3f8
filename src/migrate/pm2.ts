import { createRequire } from 'node:module';
import { basename, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { joinArguments } from '../settings/sources/split-arguments.ts';
import { fs } from '../support/builtins.ts';
import { messageOf, UsageError } from '../support/errors.ts';
import { appOf, differently, type Imported, type ImportedApp, not, type Piece, setting } from './imported.ts';
import { ATTRIBUTES, variablesOf, wordsOf } from './pm2-attributes.ts';

type Values = Readonly<Record<string, unknown>>;

const SCRIPTS = ['script', 'exec'];
const INTERPRETERS = ['interpreter', 'exec_interpreter'];
const NODE_ARGUMENTS = ['node_args', 'interpreter_args', 'interpreterArgs'];

/** What an ecosystem file of PM2 says, which is JavaScript, JSON or YAML. Rejects with a UsageError. */
export async function importPm2(file: string, cwd: string): Promise<Imported> {
  const declared = await read(resolve(cwd, file), file);
  const whole = isValues(declared) ? declared : {};
  const apps = Array.isArray(declared) ? declared : 'apps' in whole ? [whole.apps].flat() : [whole];
  const some = apps.filter(isValues);
  if (some.length === 0)
    throw new UsageError(`${file}: it has no apps; expected { apps: [{ script: 'server.js' }] }`);
  const deploys = 'deploy' in whole;
  const deploy = not(
    'deploy',
    'tsunicorn copies no releases; after yours has, send HUP, or USR2 if tsunicorn itself is another one',
  );
  return {
    source: basename(file),
    apps: some.map((app) => importApp(app, file)),
    remarks: deploys ? (deploy.remarks ?? []) : [],
  };
}

function importApp(app: Values, file: string): ImportedApp {
  const script = held(app, SCRIPTS);
  if (typeof script !== 'string') throw new UsageError(`${file}: an app has no script`);
  const name = typeof app.name === 'string' ? app.name : basename(script, extname(script));
  const handled = new Set([...SCRIPTS, ...INTERPRETERS, ...NODE_ARGUMENTS]);
  const pieces = Object.entries(app)
    .filter(
      ([key, value]) => !handled.has(key) && !isEnvironment(key) && value !== undefined && value !== null,
    )
    .map(([key, value]) => ATTRIBUTES.get(key)?.(value, key) ?? not(key, 'it is no attribute of PM2 7'));
  const environments = Object.entries(app)
    .filter(([key]) => isEnvironment(key))
    .map(([key, value]) => [key.slice('env_'.length), variablesOf(value)] as const);
  const run = script === 'serve' ? serveOf(variablesOf(app.env)) : runOf(app, script, name);
  return appOf(name, [run, ...pieces], environments);
}

/** `pm2 serve`, which has its settings in variables: a directory of files without an application. */
function serveOf(env: Readonly<Record<string, string>>): Piece {
  const { PM2_SERVE_PATH: directory = '.', PM2_SERVE_PORT: port, PM2_SERVE_SPA: spa } = env;
  const remarks = [
    ...(spa === 'true'
      ? (not(
          'PM2_SERVE_SPA',
          'what is no file gets 404; an application that answers with index.html can do it',
        ).remarks ?? [])
      : []),
    ...(env.PM2_SERVE_BASIC_AUTH === 'true'
      ? (not('PM2_SERVE_BASIC_AUTH', 'files are served to everybody; let a proxy ask for the password')
          .remarks ?? [])
      : []),
  ];
  return {
    entries: [
      ['static', { '/': directory }],
      ...(port === undefined ? [] : [['bind', `0.0.0.0:${port}`] as const]),
    ],
    remarks,
  };
}

function isEnvironment(key: string): boolean {
  return key.startsWith('env_') && key.length > 'env_'.length;
}

/** The program: its script, and the options of Node with which it runs. */
function runOf(app: Values, script: string, name: string): Piece {
  const options = wordsOf(held(app, NODE_ARGUMENTS) ?? []);
  const interpreter = `${held(app, INTERPRETERS) ?? 'node'}`;
  const command = basename(interpreter);
  if (/^node(js)?$/.test(command)) {
    const run = setting('app', options.length === 0 ? script : joinArguments(['node', ...options, script]));
    if (interpreter === command) return run;
    return {
      ...run,
      ...differently('interpreter', 'the Node that runs tsunicorn runs the program', run.entries),
    };
  }
  if (command === 'tsx' || command === 'ts-node')
    return differently(
      'interpreter',
      'Node runs TypeScript itself; docs/typescript.md says where it needs tsx',
      [['app', command === 'tsx' ? joinArguments(['node', '--import', 'tsx', ...options, script]) : script]],
    );
  const words = command === 'none' ? [script, ...options] : [interpreter, ...options, script];
  const companion = `companions: { ${JSON.stringify(name)}: { run: ${JSON.stringify(words)} } }`;
  return not(
    'interpreter',
    `${command === 'none' ? 'it is no module' : `${command} is not Node`}, so it cannot be served; beside an application it can run as a companion: ${companion}`,
  );
}

function held(app: Values, names: readonly string[]): unknown {
  return names.map((name) => app[name]).find((value) => value !== undefined && value !== null);
}

function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function read(path: string, file: string): Promise<unknown> {
  try {
    switch (extname(path)) {
      case '.json':
        return (await import('json5')).default.parse(fs.readFileSync(path, 'utf8'));
      case '.yaml':
      case '.yml':
        return yaml(path, file);
      default: {
        const module: Values = await import(pathToFileURL(path).href);
        return module.default ?? module;
      }
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${file}: it cannot be read: ${messageOf(error)}`);
  }
}

/** By a parser that the project has: PM2 itself brings js-yaml. */
function yaml(path: string, file: string): unknown {
  const require = createRequire(path);
  for (const name of ['js-yaml', 'yaml']) {
    try {
      const parser: {
        readonly load?: (text: string) => unknown;
        readonly parse?: (text: string) => unknown;
      } = require(name);
      return (parser.load ?? parser.parse)?.(fs.readFileSync(path, 'utf8'));
    } catch (error) {
      if (!messageOf(error).startsWith('Cannot find module')) throw error;
    }
  }
  throw new UsageError(
    `${file}: there is no parser for YAML here; npm install --no-save js-yaml, or write the file as JSON`,
  );
}
