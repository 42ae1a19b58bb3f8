import { COMMON_FLAGS } from './parse.ts';
import { COMMON_EXITS, type Flag, type Verb } from './verb.ts';

/** What `tsunicornctl --help` prints, without a last newline. */
export function renderHelp(verbs: readonly Verb[]): string {
  return [
    'Usage: tsunicornctl COMMAND [options]',
    '',
    'Asks a running tsunicorn service, and steers it, at the control socket of its arbiter.',
    '',
    'Commands:',
    ...aligned(verbs.map((verb) => [usageOf(verb), verb.summary])),
    '',
    'Options of every command:',
    ...flagLines(COMMON_FLAGS),
    '',
    'Exit statuses:',
    ...aligned(COMMON_EXITS.map(({ status, doc }) => [`${status}`, doc])),
    '',
    'tsunicornctl COMMAND --help says more. One service is found by itself; of several choose one.',
  ].join('\n');
}

/** What `tsunicornctl VERB --help` prints, without a last newline. */
export function renderVerb(verb: Verb): string {
  const { operands = [], flags = [], exits = [], doc } = verb;
  const all = [...COMMON_EXITS, ...exits].toSorted((one, other) => one.status - other.status);
  return [
    `Usage: tsunicornctl ${usageOf(verb)} [options]`,
    '',
    sentence(verb.summary),
    ...(doc === undefined ? [] : ['', plain(doc)]),
    ...(operands.length === 0
      ? []
      : ['', 'Arguments:', ...aligned(operands.map((one) => [one.name, plain(one.doc)]))]),
    '',
    'Options:',
    ...flagLines([...flags, ...COMMON_FLAGS]),
    '',
    'Exit statuses:',
    ...aligned(all.map(({ status, doc: means }) => [`${status}`, plain(means)])),
  ].join('\n');
}

/** `scale N`, `logs [SLOT]`. */
export function usageOf({ name, operands = [] }: Pick<Verb, 'name' | 'operands'>): string {
  return [name, ...operands.map((one) => (one.isOptional ? `[${one.name}]` : one.name))].join(' ');
}

/** `-p, --pid <pidfile>`. */
export function termOf({ name, short, value }: Flag): string {
  return `${short === undefined ? '' : `${short}, `}${name}${value === undefined ? '' : ` <${value}>`}`;
}

/** A clause as a sentence. */
export function sentence(clause: string): string {
  return `${clause.charAt(0).toUpperCase()}${clause.slice(1)}.`;
}

function flagLines(flags: readonly Flag[]): readonly string[] {
  return aligned(
    flags.map((flag) => [`${flag.short === undefined ? '    ' : ''}${termOf(flag)}`, plain(flag.doc)]),
  );
}

function aligned(rows: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(...rows.map(([term]) => term.length));
  return rows.map(([term, text]) => `  ${term.padEnd(width)}  ${text}`);
}

/** Without the Markdown. */
function plain(text: string): string {
  return text.replaceAll('`', '');
}
