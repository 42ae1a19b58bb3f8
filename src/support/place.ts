import { spawnSync } from 'node:child_process';
import { relative } from 'node:path';
import { fs } from './builtins.ts';
import { frameOf, parserPlaceOf } from './stack-frames.ts';

/** Where in the user's code something failed. */
export interface Place {
  /** Absolute. */
  readonly file: string;
  /** From 1, as `column`. */
  readonly line: number;
  readonly column: number | null;
  /** For people: the place, the line of source, a caret under the column; what is not known is left out. */
  readonly lines: readonly string[];
}

const FOREIGN = /\/node_modules\//;
const MAX_SOURCE = 200;
/** Each takes as long as a start of Node. */
const MAX_CHECKED = 4;

/**
 * The place that a stack speaks of: that of the parser above the message, otherwise its first frame in a file outside
 * node_modules. Null where there is none.
 */
export function placeOf(stack: string): Place | null {
  return parsedPlace(stack) ?? framePlace(stack);
}

/** The place in which the parser gave up, if the stack begins with it. */
export function parsedPlace(stack: string): Place | null {
  const [head = '', ...rest] = stack.split('\n');
  const place = parserPlaceOf(head);
  if (place === null) return null;
  const caret = rest.find((text) => /^\s*\^+\s*$/.test(text));
  return placeAt(place.file, place.line, caret === undefined ? null : caret.indexOf('^') + 1);
}

function framePlace(stack: string): Place | null {
  const frames = stack.split('\n').flatMap((text) => frameOf(text) ?? []);
  const frame = frames.find(({ file }) => !FOREIGN.test(file)) ?? frames[0];
  return frame === undefined ? null : placeAt(frame.file, frame.line, frame.column);
}

/**
 * The place of a syntax error that Node keeps to itself, as it does for ES modules of JavaScript: asks `node --check`
 * about the files that changed last. Blocks for 40 ms a file.
 */
export function searchSyntaxError(files: Iterable<string>): Place | null {
  const candidates = [...files]
    .filter((file) => /\.[cm]?js$/.test(file))
    .map((file) => ({ file, changedMs: fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .toSorted((a, b) => b.changedMs - a.changedMs);
  for (const { file } of candidates.slice(0, MAX_CHECKED)) {
    const { status, stderr } = spawnSync(process.execPath, ['--check', file], {
      encoding: 'utf8',
      timeout: 5000,
    });
    // Null where no process could be started for it (EMFILE, EAGAIN).
    if (status !== 0) return stderr === null ? null : parsedPlace(stderr);
  }
  return null;
}

function placeAt(file: string, line: number, column: number | null): Place {
  return { file, line, column, lines: excerpt(file, line, column) };
}

function excerpt(file: string, line: number, column: number | null): readonly string[] {
  const short = relative(process.cwd(), file);
  const name = short.startsWith('..') ? file : short;
  const head = [name, line, ...(column === null ? [] : [column])].join(':');
  const source = lineOf(file, line);
  if (source === null || source.length > MAX_SOURCE) return [head];
  const margin = `${line} | `;
  const caret = `${' '.repeat(margin.length - 2)}| ${' '.repeat((column ?? 1) - 1)}^`;
  // A tab is one column.
  return [head, `${margin}${source.replaceAll('\t', ' ')}`, ...(column === null ? [] : [caret])];
}

function lineOf(file: string, line: number): string | null {
  try {
    return fs.readFileSync(file, 'utf8').split(/\r?\n/)[line - 1] ?? null;
  } catch {
    // It has gone meanwhile, or was never a file.
    return null;
  }
}
