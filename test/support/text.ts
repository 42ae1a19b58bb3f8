import { readFileSync } from 'node:fs';

/** The lines of a text, without the last newline; none of an empty one. */
export function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

/** The lines of a file. */
export function linesIn(path: string): string[] {
  return linesOf(readFileSync(path, 'utf8'));
}
