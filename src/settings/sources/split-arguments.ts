import { UsageError } from '../../support/errors.ts';

const UNCLOSED: Readonly<Record<string, string>> = {
  "'": 'a single quote is not closed',
  '"': 'a double quote is not closed',
  '\\': 'a backslash at the end escapes nothing',
};

// The pieces of a word: quoted, escaped and plain ones, in any mixture; then blanks; last, a quote or backslash that is
// not finished.
const PIECES = /'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])|([^\s'"\\]+)|(\s+)|([\s\S])/g;

/**
 * Splits text into arguments as a POSIX shell does (section 2.2, quoting), without expanding anything.
 * Throws a UsageError that begins with `source` where a quote is not closed.
 */
export function splitArguments(source: string, text: string): readonly string[] {
  const words: string[] = [];
  let word: string | null = null;
  for (const [, single, double, escaped, plain, blank, stray] of text.matchAll(PIECES)) {
    if (stray !== undefined) throw new UsageError(`${source}: ${UNCLOSED[stray] ?? stray} in ${text}`);
    if (blank === undefined) {
      word = (word ?? '') + (single ?? unescaped(double) ?? escaped ?? plain ?? '');
    } else if (word !== null) {
      words.push(word);
      word = null;
    }
  }
  if (word !== null) words.push(word);
  return words;
}

/** The words as text that splitArguments() takes apart again. */
export function joinArguments(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');
}

// Inside double quotes a backslash is itself except before these.
function unescaped(quoted: string | undefined): string | undefined {
  return quoted?.replace(/\\(["\\$`])/g, '$1');
}
