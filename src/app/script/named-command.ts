import { dirname, join } from 'node:path';
import type { MainProgram } from '../../process/main-program.ts';
import { splitArguments } from '../../settings/sources/split-arguments.ts';
import { UsageError } from '../../support/errors.ts';
import { binScript } from './bin-script.ts';
import { nodeCommand } from './node-command.ts';
import { type PackageScript, packageScript, scriptName } from './package-script.ts';

/** Where a command is given. */
export interface CommandContext {
  /** The directory in which the program is to run. */
  readonly cwd: string;
  /** The variable PATH of the program. */
  readonly path: string;
}

export interface NamedCommand {
  readonly program: MainProgram;
  /** Lines for the operator: what `npm` would have run too. */
  readonly remarks: readonly string[];
}

/**
 * The program that a command runs, such as `npm start` or `node --import tsx server.ts`. Nothing is run for it. Throws a
 * UsageError of one line that names the command which cannot be served, and why.
 */
export function namedCommand(app: string, context: CommandContext): NamedCommand {
  return new Expansion(context).expand({ says: app, words: splitArguments(app, app) });
}

/** A command, and how a line about it begins. */
interface Step {
  readonly says: string;
  readonly words: readonly string[];
}

const ASSIGNMENT = /^([A-Za-z_]\w*)=(.*)$/s;
/** Scripts of package.json that run each other. */
const MOST_SCRIPTS = 10;

const RESTARTS =
  'it restarts the program by itself, as tsunicorn does with --reload; name the module that it runs';
const STARTS = 'it starts the program in another process; name the module that it runs';
const SEVERAL = 'it starts several commands; name the one that serves';

/** Commands that run the program in a process of their own, or not with Node. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ...['nodemon', 'node-dev', 'ts-node-dev', 'tsnd'].map((name) => [name, RESTARTS] as const),
  ...['pm2', 'pm2-runtime', 'forever', 'dotenv', 'env-cmd', 'doppler', 'op'].map(
    (name) => [name, STARTS] as const,
  ),
  ...['concurrently', 'npm-run-all', 'run-s', 'run-p', 'turbo', 'nx', 'lerna'].map(
    (name) => [name, SEVERAL] as const,
  ),
  [
    'nest',
    'it builds the program and starts it in another process; name the built module, such as dist/main.js',
  ],
  ['bun', 'it does not run Node'],
  ['deno', 'it does not run Node'],
]);

/** Commands that start Node again with a loader, and that loader. */
const LOADERS: ReadonlyMap<string, readonly string[]> = new Map([
  ['tsx', ['--import', 'tsx']],
  ['ts-node', ['--require', 'ts-node/register']],
]);

/** Words that change nothing in what is run. */
const PREFIXES: ReadonlySet<string> = new Set(['exec', 'cross-env', 'env']);

class Expansion {
  readonly #context: CommandContext;
  readonly #environment: Record<string, string> = {};
  readonly #remarks: string[] = [];
  #scripts = 0;

  constructor(context: CommandContext) {
    this.#context = context;
  }

  expand(step: Step): NamedCommand {
    const [first = '', ...rest] = this.#assign(step.words);
    const refuse = (why: string) => fail(step, why);
    if (first === '') return refuse('it names no command');
    if (PREFIXES.has(first)) return this.expand({ ...step, words: rest });
    const reason = REFUSED.get(first);
    if (reason !== undefined) return refuse(`${first} cannot be served, because ${reason}`);
    const loader = LOADERS.get(first);
    if (loader !== undefined) return this.#node([...loader, ...withoutWatch(rest, refuse)], step);
    if (first === 'node') return this.#node(rest, step);
    if (first === 'npx') return this.#bin(rest, step);
    const script = scriptName(first, rest, refuse);
    return script === null ? this.#bin([first, ...rest], step) : this.#script(script, step);
  }

  /** Takes the variables that are set in front of the command. */
  #assign(words: readonly string[]): readonly string[] {
    const count = words.findIndex((word) => !ASSIGNMENT.test(word));
    for (const word of words.slice(0, count < 0 ? words.length : count)) {
      const [, name = '', value = ''] = ASSIGNMENT.exec(word) ?? [];
      this.#environment[name] = value;
    }
    return count < 0 ? [] : words.slice(count);
  }

  #node(words: readonly string[], step: Step): NamedCommand {
    const { cwd } = this.#context;
    const command = nodeCommand(words, cwd, (why) => fail(step, why));
    return { program: { ...command, environment: this.#environment }, remarks: this.#remarks };
  }

  #bin([name = '', ...args]: readonly string[], step: Step): NamedCommand {
    const { cwd } = this.#context;
    const { file, options } = binScript(name, cwd, (why) => fail(step, why));
    return { program: { file, options, args, environment: this.#environment }, remarks: this.#remarks };
  }

  #script(script: PackageScript, step: Step): NamedCommand {
    this.#scripts++;
    if (this.#scripts > MOST_SCRIPTS) fail(step, 'its scripts run each other without end');
    const { cwd, path } = this.#context;
    const { text, variables, skipped } = packageScript(script, cwd, (why) => fail(step, why));
    for (const [name, command] of skipped)
      this.#remarks.push(
        `${step.says}: the script ${name} (${command}) is not run; run it before tsunicorn starts`,
      );
    Object.assign(this.#environment, { ...variables, PATH: pathWithin(cwd, path) }, { ...this.#environment });
    const says = `${step.says}: the script ${script.name} is \`${text}\``;
    return this.expand({ says, words: [...wordsOf(text, (why) => fail({ says }, why)), ...script.args] });
  }
}

function fail({ says }: Pick<Step, 'says'>, why: string): never {
  throw new UsageError(`${says}: ${why}`);
}

function withoutWatch(words: readonly string[], refuse: (why: string) => never): readonly string[] {
  return words[0] === 'watch' ? refuse(RESTARTS) : words;
}

/** The words of a script, which would be run by a shell; none but its quotes are known here. */
function wordsOf(text: string, refuse: (why: string) => never): readonly string[] {
  // Between double quotes it expands, too.
  const bare = text.replace(/'[^']*'|"((?:[^"\\]|\\.)*)"/gs, (_, double: string | undefined) =>
    (double ?? '').replace(/\\.|[^$`]/gs, ''),
  );
  const [operator] = /&&|\|\||[|&;<>()$`*?\n]/.exec(bare) ?? [];
  if (operator !== undefined)
    refuse(
      `it needs a shell (${operator === '\n' ? 'a line break' : operator}); run what comes before the server by itself, and name the server's own command or module`,
    );
  return splitArguments(text, text);
}

/** As npm has it: commands of the package's own dependencies come first. */
function pathWithin(cwd: string, path: string): string {
  const own: string[] = [];
  for (let at = cwd; own.length === 0 || at !== dirname(at); at = dirname(at))
    own.push(join(at, 'node_modules/.bin'));
  return [...own, path].join(':');
}
