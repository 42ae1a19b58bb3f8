import { packageVersion } from '../process/installation.ts';
import { isAbort, messageOf } from '../support/errors.ts';
import { suggest } from '../support/suggest.ts';
import { escapeControls } from '../support/text.ts';
import { Failure, STATUS } from './failure.ts';
import { choose } from './find.ts';
import { renderHelp, renderVerb } from './help.ts';
import { type Output, ownOutput } from './output.ts';
import { parseWords, verbFirst, type Words } from './parse.ts';
import type { Verb } from './verb.ts';
import { verbs } from './verbs.ts';

/** The whole command tsunicornctl. Resolves with the exit status. */
export async function main(argv: readonly string[], out: Output = ownOutput): Promise<number> {
  try {
    return await run(argv, out);
  } catch (error) {
    if (isAbort(error)) return STATUS.interrupted;
    out.note(`tsunicornctl: ${escapeControls(messageOf(error))}`);
    return error instanceof Failure ? error.status : STATUS.refused;
  }
}

async function run(argv: readonly string[], out: Output): Promise<number> {
  const [name, ...words] = verbFirst(argv);
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const [topic] = words;
    out.line(topic === undefined ? renderHelp(verbs) : renderVerb(verbOf(topic)));
    return name === undefined ? STATUS.refused : STATUS.done;
  }
  if (name === '--version' || name === '-v') {
    out.line(packageVersion());
    return STATUS.done;
  }
  const verb = verbOf(name);
  const read = parseWords(words, verb);
  if (read.flags.has('--help')) {
    out.line(renderVerb(verb));
    return STATUS.done;
  }
  return perform(verb, read, out);
}

function verbOf(name: string): Verb {
  const found = verbs.find((verb) => verb.name === name);
  if (found !== undefined) return found;
  const near = suggest(
    name,
    verbs.map((verb) => verb.name),
  );
  const hint = near === null ? '' : `; did you mean ${near}?`;
  throw new Failure(STATUS.refused, `there is no command ${name}${hint} (tsunicornctl --help lists them)`);
}

async function perform(verb: Verb, { operands, flags }: Words, out: Output): Promise<number> {
  const interrupt = new AbortController();
  const abort = () => interrupt.abort();
  process.once('SIGINT', abort);
  const text = (flag: string) => {
    const value = flags.get(flag);
    return typeof value === 'string' ? value : null;
  };
  const choice = { socket: text('--socket'), name: text('--name'), pidfile: text('--pid'), env: process.env };
  try {
    return await verb.run({
      ...{ operands, flags, out, signal: interrupt.signal },
      json: flags.has('--json'),
      service: () => choose(choice),
    });
  } finally {
    process.off('SIGINT', abort);
  }
}
