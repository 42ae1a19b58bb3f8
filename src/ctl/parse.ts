import { suggest } from '../support/suggest.ts';
import { Failure, STATUS } from './failure.ts';
import type { Flag, Verb } from './verb.ts';

/** The flags that each verb takes. */
export const COMMON_FLAGS: readonly Flag[] = [
  { name: '--json', doc: 'answer as JSON, for programs; `schema` in it is its version' },
  { name: '--name', short: '-n', value: 'name', doc: 'the service of this name' },
  { name: '--pid', short: '-p', value: 'pidfile', doc: 'the service whose arbiter wrote this pidfile' },
  { name: '--socket', short: '-s', value: 'path', doc: 'the service with this control socket' },
  { name: '--help', short: '-h', doc: 'this help' },
];

/** What a command line says. */
export interface Words {
  readonly operands: readonly string[];
  readonly flags: ReadonlyMap<string, string | true>;
}

/** The same with the verb in front of the options that each verb takes, which may also be written before it. */
export function verbFirst(argv: readonly string[]): readonly string[] {
  let at = 0;
  for (let flag = commonFlag(argv[at]); flag !== undefined; flag = commonFlag(argv[at]))
    at += flag.value === undefined || argv[at]?.startsWith(`${flag.name}=`) ? 1 : 2;
  const verb = argv[at];
  return at === 0 || verb === undefined ? argv : [verb, ...argv.slice(0, at), ...argv.slice(at + 1)];
}

/** The help without a verb is another one. */
function commonFlag(word = ''): Flag | undefined {
  const [name] = word.split('=', 1);
  return COMMON_FLAGS.find((flag) => flag.name !== '--help' && (flag.name === name || flag.short === word));
}

/** Reads the words behind a verb. Throws a Failure. */
export function parseWords(words: readonly string[], verb: Pick<Verb, 'name' | 'flags' | 'operands'>): Words {
  const read = readWords(words, [...(verb.flags ?? []), ...COMMON_FLAGS]);
  if (!read.flags.has('--help')) checkOperands(read.operands, verb);
  return read;
}

/** Tells words from these flags and their values. Throws a Failure. */
export function readWords(words: readonly string[], known: readonly Flag[]): Words {
  const flags = new Map<string, string | true>();
  const operands: string[] = [];
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') operands.push(...rest.splice(0));
    else if (word.startsWith('-') && !/^-\d*$/.test(word)) readFlag(word, rest, known, flags);
    else operands.push(word);
  }
  return { operands, flags };
}

function readFlag(
  word: string,
  rest: string[],
  known: readonly Flag[],
  flags: Map<string, string | true>,
): void {
  const [, name = word, value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
  const flag = known.find((one) => one.name === name || one.short === name);
  if (flag === undefined) throw unknown(name, known);
  if (flag.value === undefined) {
    if (value !== undefined) throw wrong(`${flag.name} takes no value`);
    flags.set(flag.name, true);
    return;
  }
  const given = value ?? rest.shift();
  if (given === undefined || given === '')
    throw wrong(`${flag.name}: a value is missing; write ${flag.name} <${flag.value}>`);
  flags.set(flag.name, given);
}

function unknown(name: string, known: readonly Flag[]): Failure {
  const near = suggest(
    name,
    known.map((flag) => flag.name),
  );
  return wrong(`unknown option ${name}${near === null ? '' : ` (did you mean ${near}?)`}`);
}

function checkOperands(
  operands: readonly string[],
  { name, operands: wanted = [] }: Pick<Verb, 'name' | 'operands'>,
) {
  const usage = ['tsunicornctl', name, ...wanted.map((one) => one.name)].join(' ');
  const missing = wanted.filter(({ isOptional }) => !isOptional)[operands.length];
  if (missing !== undefined) throw wrong(`${missing.name} is missing: ${missing.doc}; write ${usage}`);
  if (operands.length > wanted.length)
    throw wrong(`too many words: ${operands.slice(wanted.length).join(' ')}; write ${usage}`);
}

function wrong(message: string): Failure {
  return new Failure(STATUS.refused, message);
}
