import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

/** The lines of Node that tsunicorn runs on, as in its `engines`. */
const FLOOR = [
  [24, 20],
  [26, 7],
];

const PROGRAMS = ['server', 'app', 'index', 'main', 'src/server', 'src/app', 'src/index', 'src/main'];
const ENDINGS = ['.ts', '.mts', '.js', '.mjs', '.cjs'];

/** What can be found out about the project, so that nobody has to be asked. Throws an Error of one line. */
export function look(words, env, version) {
  const given = words.filter((word) => !word.startsWith('-'));
  if (given.length > 1) throw new Error(`expected one folder, got ${given.join(' ')}`);
  const directory = resolve(given[0] ?? (isUsable('.') ? '.' : 'tsunicorn-app'));
  if (!isUsable(directory))
    throw new Error(`${directory} is not empty and has no package.json; name another folder`);
  const existing = readPackage(directory);
  return {
    directory,
    existing,
    name: nameOf(basename(directory)),
    program: existing === null ? null : programIn(directory, existing),
    manager: managerOf(env.npm_config_user_agent ?? ''),
    needsNode: isOld(version),
  };
}

function isUsable(directory) {
  if (!existsSync(directory)) return true;
  const entries = readdirSync(directory);
  return entries.includes('package.json') || entries.every((entry) => entry === '.git');
}

function readPackage(directory) {
  const path = join(directory, 'package.json');
  if (!existsSync(path)) return null;
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`${path}: it is not valid JSON: ${error.message}`);
  }
}

function programIn(directory, { main }) {
  const names = [main, ...PROGRAMS.flatMap((name) => ENDINGS.map((ending) => name + ending))];
  return names.find((name) => typeof name === 'string' && existsSync(join(directory, name))) ?? null;
}

/** npm, unless another one has started this: `pnpm/10.1.0 npm/? node/v24…`. */
function managerOf(agent) {
  const [name = ''] = agent.split('/');
  return ['pnpm', 'yarn'].includes(name) ? name : 'npm';
}

function isOld(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const line = FLOOR.find(([of]) => of === major);
  return line === undefined ? major < FLOOR[1][0] : minor < line[1];
}

function nameOf(folder) {
  return (
    folder
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '') || 'app'
  );
}
