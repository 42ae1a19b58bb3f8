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
  /** No piece begins after so many seconds. */
  readonly within: number | null;
  /** Writes the report of what was measured before. */
  readonly reportOnly: boolean;
  readonly list: boolean;
  /** Where the report goes. */
  readonly out: string | null;
}

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
      within: { type: 'string' },
      'report-only': { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      out: { type: 'string' },
    },
  });
  return {
    quick: values.quick,
    sections: chosen(values.section),
    pieces: values.piece,
    resume: values.resume,
    rounds: values.rounds === undefined ? null : count('rounds', values.rounds),
    within: values.within === undefined ? null : count('within', values.within),
    reportOnly: values['report-only'],
    list: values.list,
    out: values.out ?? null,
  };
}
