import { util } from './builtins.ts';

const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;
const EVERY_CONTROL = new RegExp(CONTROL, 'gu');
const NOT_PLAIN = /[^\x20\x21\x23-\x5b\x5d-\x7e]/;
const EVERY_NOT_PLAIN = new RegExp(NOT_PLAIN, 'gu');
const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
const MAX_CAUSES = 10;

/** `1 worker`, `2 workers`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Text in which every control character and line separator is written out (`\n`, `\x1b`, `\u2028`): it stays on its line. */
export function escapeControls(text: string): string {
  return CONTROL.test(text) ? text.replace(EVERY_CONTROL, (char) => NAMED[char] ?? codeOf(char)) : text;
}

/** The same for text of several lines, which stay apart: nothing of it can act on a terminal. */
export function escapeLines(text: string): string {
  return text.split(/\r?\n/).map(escapeControls).join('\n');
}

/** Whether a value is printable ASCII without quotes and backslashes: nothing of it needs escaping anywhere. */
export function isPlain(value: string): boolean {
  return !NOT_PLAIN.test(value);
}

/** A value for between the quotes of an access log: quotes, backslashes, and each byte that is not printable ASCII, escaped. */
export function escapeQuoted(value: string): string {
  return isPlain(value) ? value : value.replace(EVERY_NOT_PLAIN, escapeChar);
}

/** The operator's own words in a format: quotes and tabs stay, what is not ASCII or would end the line is escaped. */
export function escapeLiteral(text: string): string {
  return text.replace(/[^\t\x20-\x7e]/gu, escapeChar);
}

/** What was thrown, as lines: its stack, those of an AggregateError's errors, and those of its causes. Never throws. */
export function stackLines(thrown: unknown): readonly string[] {
  const lines: string[] = [];
  try {
    collect(thrown, lines, new Set());
  } catch {
    // A getter or proxy of the application threw: what was read until then is what can be said.
    lines.push('(the rest of the error cannot be read)');
  }
  return lines;
}

function collect(thrown: unknown, lines: string[], seen: Set<unknown>): void {
  if (seen.has(thrown) || seen.size > MAX_CAUSES) return void lines.push('(more errors are left out)');
  seen.add(thrown);
  const text = thrown instanceof Error ? (thrown.stack ?? String(thrown)) : util.inspect(thrown);
  lines.push(...escapeLines(text).split('\n'));
  if (!(thrown instanceof Error)) return;
  for (const error of thrown instanceof AggregateError ? thrown.errors : []) collect(error, lines, seen);
  if (thrown.cause === undefined) return;
  lines.push('Caused by:');
  collect(thrown.cause, lines, seen);
}

function codeOf(char: string): string {
  const code = char.charCodeAt(0);
  return code > 0xff ? `\\u${code.toString(16)}` : hex(code);
}

/** Node gives header bytes as the characters U+0000 to U+00FF; what lies beyond (the environment) is shown as its UTF-8. */
function escapeChar(char: string): string {
  if (char === '"' || char === '\\') return `\\${char}`;
  const code = char.codePointAt(0) ?? 0;
  if (code <= 0xff) return hex(code);
  return Array.from(Buffer.from(char), hex).join('');
}

function hex(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}

/** The path of a request alone: what is secret is behind the question mark, mostly. */
export function withoutQuery(url: string): string {
  const end = url.indexOf('?');
  return end < 0 ? url : url.slice(0, end);
}
