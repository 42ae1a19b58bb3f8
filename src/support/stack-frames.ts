import { fileURLToPath } from 'node:url';

/** A place in a file, as a stack names it. */
export interface FramePlace {
  /** Absolute. */
  readonly file: string;
  /** From 1, as `column`. */
  readonly line: number;
  readonly column: number;
}

/** The same of the parser, which does not tell the column. */
export type ParserPlace = Omit<FramePlace, 'column'>;

// A path may hold blanks and parentheses too: what stands before it ends at the first ` (` that a path follows.
const FRAME = /^\s+at (?:async )?(?:.*? \((?=\/|file:\/\/\/))?((?:file:\/\/)?\/.*):(\d+):(\d+)\)?$/;
const HEAD = /^((?:file:\/\/)?\/.+):(\d+)$/;

/** Whether a line of a stack is a frame: not its message, nor the parser's excerpt of the source. */
export function isFrame(line: string): boolean {
  return /^\s+at /.test(line);
}

/** The place in a file that one line of a stack names; null for every other line, frames of Node's own included. */
export function frameOf(line: string): FramePlace | null {
  const [, path = '', row, column] = FRAME.exec(line) ?? [];
  const file = row === undefined ? null : fileOf(path);
  return file === null ? null : { file, line: Number(row), column: Number(column) };
}

/** The place that the parser puts above the message of a syntax error, in the first line of its stack; null where it does not. */
export function parserPlaceOf(head: string): ParserPlace | null {
  const [, path = '', row] = HEAD.exec(head) ?? [];
  const file = row === undefined ? null : fileOf(path);
  return file === null ? null : { file, line: Number(row) };
}

/** The path that a URL of a module, or a path, stands for; null where it is none. */
function fileOf(path: string): string | null {
  if (!path.startsWith('file:')) return path;
  try {
    // A query tells instances of one module apart; in a name, ? and # are escaped.
    return fileURLToPath(path.replace(/[?#].*$/, ''));
  } catch {
    // An error's text may hold anything.
    return null;
  }
}
