import { parseArgs } from 'node:util';
import { count } from '../options.ts';
import { type SectionName, sectionNames } from './figure.ts';

/** What `npm run prove -- …` may be told. */
export interface ProveOptions {
  readonly quick: boolean;
  readonly sections: readonly SectionName[];
  /** Pieces whose id begins with one of these; empty means all. */
  readonly pieces: readonly string[];
  /** Pieces that were measured before are left as they are. */
  readonly resume: boolean;
  readonly rounds: number | null;
  /** How long all of it may take: each piece takes as many rounds as it has time for. */
  readonly minutes: number | null;
  /** No piece begins after so many seconds. */
  readonly within: number | null;
  /** Writes the report of what was measured before. */
  readonly reportOnly: boolean;
  readonly list: boolean;
  /** Installs the peers from npm, and ends. */
  readonly install: boolean;
  /** Where the report goes. */
  readonly out: string | null;
  readonly help: boolean;
}

/** What `--help` says. */
export const HELP = `npm run prove [-- options]
Runs tsunicorn and its peers in turns, and writes docs/benchmarks/: README.md, report.html with plots, history.json.
Needs "npm run build" and a machine that does nothing else. Peers of npm are installed into ~/.cache/tsunicorn-prove
first; those of Debian are used where they are installed. What is missing is named and left out.

What it measures
  failures  what clients of seven kinds lose while a service is reloaded, upgraded, killed and more; the log's cause
  tail      p50, p99 and p99.9 at 200 requests a second, calm and during the same operations
  cost      processor time and throughput a request, boot, memory a process and a connection
  growth    the same with more workers, connections, listeners, bytes, reloads, companions

How long it takes
  npm run prove                   3 hours: 3 rounds of failures, 5 of the tail, 11 of cost
  npm run prove -- --minutes 25   all sections and peers in 25 minutes (at least about 20): what the goals need has the
                                  most rounds, the peers' failures and tail one each
  npm run prove -- --quick        a minute: tsunicorn alone, nothing is kept; fails where a planned operation loses

Options
  --minutes <n>       take so many rounds of each piece that all of it fits into so many minutes
  --section <name>    only failures, tail, cost or growth; can be given more than once
  --piece <text>      only pieces whose names begin so ("tail/tsunicorn async"); can be given more than once
  --list              print the names of the pieces, and end
  --rounds <n>        so many rounds of each piece
  --resume            leave what was measured before as it is, and measure the rest
  --within <seconds>  begin no piece after so many seconds
  --report-only       measure nothing; write the report of what was measured before
  --install           install the peers of npm, say what is missing, and end
  --out <folder>      where the report goes (default: docs/benchmarks)
  --quick             see above

Each piece that is done is kept in .cache/prove/state.json: after Ctrl-C go on with --resume.`;

function chosen(texts: readonly string[]): readonly SectionName[] {
  const unknown = texts.find((text) => !sectionNames.some((name) => name === text));
  if (unknown !== undefined)
    throw new Error(`--section: "${unknown}" is not a section; write ${sectionNames.join(', ')}`);
  return texts.length === 0 ? sectionNames : sectionNames.filter((name) => texts.includes(name));
}

/** Parses the arguments after the script's name; throws an error of one line where one is wrong. */
export function parseProveOptions(args: readonly string[]): ProveOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      section: { type: 'string', multiple: true, default: [] },
      piece: { type: 'string', multiple: true, default: [] },
      resume: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      minutes: { type: 'string' },
      within: { type: 'string' },
      'report-only': { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      install: { type: 'boolean', default: false },
      out: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const number = (option: 'rounds' | 'minutes' | 'within'): number | null =>
    values[option] === undefined ? null : count(option, values[option]);
  if (values.quick && values.minutes !== undefined)
    throw new Error('--quick and --minutes: --quick has a length of its own; leave one of them out');
  return {
    quick: values.quick,
    sections: chosen(values.section),
    pieces: values.piece,
    resume: values.resume,
    rounds: number('rounds'),
    minutes: number('minutes'),
    within: number('within'),
    reportOnly: values['report-only'],
    list: values.list,
    install: values.install,
    out: values.out ?? null,
    help: values.help,
  };
}
