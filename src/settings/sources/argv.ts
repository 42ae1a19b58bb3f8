import { Command, type CommanderError, Option } from 'commander';
import { UsageError } from '../../support/errors.ts';
import {
  isSettingName,
  refused,
  type SettingName,
  sections,
  settingOf,
  variablesOf,
} from '../catalogue/catalogue.ts';
import { isRunner } from '../command.ts';
import type { GivenTexts } from '../layer.ts';
import { joinArguments } from './split-arguments.ts';

/** What the command line is part of. */
export interface CommandText {
  /** tsunicorn's own, for `--version`. */
  readonly version: string;
  /** What the help ends with. */
  readonly epilogue: string;
  /** What to write instead of a word that is a command elsewhere; null for other words. */
  readonly adviceFor: (word: string) => string | null;
}

/** Reads command line words; `source` is where they stand. */
export type ParseArguments = (words: readonly string[], source: 'cmdargs' | 'argv') => GivenTexts;

/** The program with every option of the catalogue; its options only collect texts, load.ts reads them. */
export function createProgram({ version, epilogue }: Omit<CommandText, 'adviceFor'>): Command {
  const program = new Command('tsunicorn')
    .usage('[options] [module:export] [-- arguments]')
    .description('Serves a Node.js application from pre-forked worker processes.')
    .configureHelp({
      helpWidth: process.stdout.columns ?? 100,
      optionTerm: termOf,
      optionDescription: descriptionOf,
    })
    .optionsGroup('Help:')
    .version(version, '-v, --version', 'Print the version.')
    .helpOption('-h, --help', 'Print this help.')
    .argument('[module:export]', summaryOf('app'))
    .argument('[-- arguments...]', summaryOf('programArguments'))
    .addHelpText('after', epilogue);
  for (const [title, names] of sections) {
    for (const name of names) {
      const option = optionOf(name);
      if (option !== null) program.addOption(option.helpGroup(`${title}:`));
    }
  }
  return program;
}

/**
 * The texts behind every flag in `words`. Throws a UsageError, which names TSUNICORN_CMD_ARGS where they come from
 * there; for `--help` and `--version` it prints and ends the process with status 0.
 */
export function parseWords(
  words: readonly string[],
  source: 'cmdargs' | 'argv',
  text: CommandText,
): GivenTexts {
  const program = createProgram(text);
  program.configureOutput({ writeErr: () => {} });
  const prefix = source === 'cmdargs' ? 'TSUNICORN_CMD_ARGS: ' : '';
  program.exitOverride((error) => {
    if (error.exitCode === 0) process.exit(0);
    throw new UsageError(prefix + explain(error, program));
  });
  const dashes = words.indexOf('--');
  program.parse(dashes < 0 ? words : words.slice(0, dashes), { from: 'user' });
  const refuse = (why: string): never => {
    throw new UsageError(prefix + why);
  };
  // commander reports a flag that begins with --no- as given, and true, if it is absent.
  const given = Object.entries(program.opts<GivenTexts>()).filter(
    ([name]) => program.getOptionValueSource(name) === 'cli',
  );
  const placed = placedTexts(program.args, dashes < 0 ? null : words.slice(dashes + 1), text, refuse);
  return { ...Object.fromEntries(given), ...placed };
}

/** What is known by its place: the application, and what is `behind` the dashes, if they are there. */
function placedTexts(
  operands: readonly string[],
  behind: readonly string[] | null,
  { adviceFor }: CommandText,
  refuse: (why: string) => never,
): GivenTexts {
  const [app, ...more] = operands;
  if (app === undefined) {
    if (behind === null) return {};
    return isRunner(behind[0] ?? '') ? { app: [joinArguments(behind)] } : { programArguments: behind };
  }
  if (more.length > 0 && !isRunner(app))
    refuse(
      adviceFor(app) ??
        `too many arguments: expected one module:export, got ${operands.join(' ')}; arguments of the program are written behind --`,
    );
  return {
    app: [more.length === 0 ? app : joinArguments(operands)],
    ...(behind === null ? {} : { programArguments: behind }),
  };
}

// Without the Markdown.
/** Text of the settings, which is Markdown, for a terminal. */
function plain(text: string): string {
  return text.replaceAll('`', '');
}

function firstSentence(doc: string): string {
  const [sentence = doc] = doc.split(/(?<=\.)\s/);
  return plain(sentence);
}

function optionOf(name: SettingName): Option | null {
  const { flags, kind } = settingOf(name);
  if (flags === null) return null;
  const option = new Option(kind.placeholder === null ? flags : `${flags} <${kind.placeholder}>`);
  const collect = (text: string, before: readonly string[] | undefined) => [...(before ?? []), text];
  return kind.placeholder === null ? option : option.argParser(collect);
}

/** Made only when the help is printed. */
function descriptionOf(option: Option): string {
  const name = option.attributeName();
  return isSettingName(name) ? summaryOf(name) : option.description;
}

function summaryOf(name: SettingName): string {
  const { doc, kind, default: value, defaultText, flags } = settingOf(name);
  const variables = variablesOf(name);
  const byDefault = plain(defaultText ?? kind.toText(value));
  const isSwitch = flags !== null && kind.placeholder === null;
  const notes = [
    ...(byDefault === 'none' || isSwitch ? [] : [`default: ${byDefault}`]),
    ...(variables.length === 0 ? [] : [`env: ${variables.join(', ')}`]),
  ];
  return notes.length === 0 ? firstSentence(doc) : `${firstSentence(doc)} (${notes.join('; ')})`;
}

// Aligns the long flags, also of options that have no short one.
function termOf(option: Option): string {
  return option.flags.startsWith('--') ? `    ${option.flags}` : option.flags;
}

function explain(error: CommanderError, program: Command): string {
  const message = error.message.replace(/^error: /, '');
  switch (error.code) {
    case 'commander.unknownOption':
      return explainUnknown(message, program);
    case 'commander.optionMissingArgument': {
      const [, flag = '', placeholder = ''] = /(--[\w-]+) <(.*)>/.exec(message) ?? [];
      return `${flag}: a value is missing; write ${flag} <${placeholder}>`;
    }
    default:
      return message.replace(/\s*\n\s*/g, ' ');
  }
}

function explainUnknown(message: string, program: Command): string {
  const [, flag = '', similar] =
    /'(.*?)(?:=.*?)?'(?:\s*\(Did you mean (?:one of )?(.*)\?\))?/s.exec(message) ?? [];
  const reason = refused.get(flag.replace(/^--/, ''));
  if (reason !== undefined) return `${flag} is refused: ${reason}`;
  if (program.options.some(({ long, short }) => long === flag || short === flag))
    return `${flag} takes no value`;
  const hint = similar === undefined ? '' : ` (did you mean ${similar.replace(/, ([^,]*)$/, ' or $1')}?)`;
  return `unknown option ${flag}${hint}`;
}
