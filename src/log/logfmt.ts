import { escapeControls } from '../support/text.ts';

/** What may stand without quotes. */
const PLAIN = /^[^\s"=\\\p{C}]+$/u;
const NOT_OF_KEY = /[\s"=\\\p{C}]/gu;

/**
 * A record as a line of logfmt: `key=value`, what is nested with its keys joined by a point, lists as JSON. A value that is
 * empty or has spaces, quotes, equals signs or control characters stands in quotes, escaped as in JSON.
 */
export function logfmtOf(record: object): string {
  return `${pairsOf(record, '').join(' ')}\n`;
}

function pairsOf(record: object, prefix: string): readonly string[] {
  return Object.entries(record).flatMap(([name, value]: [string, unknown]) => {
    const key = `${prefix}${name.replace(NOT_OF_KEY, '_')}`;
    if (value === undefined) return [];
    const isNested = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isNested ? pairsOf(value, `${key}.`) : [`${key}=${textOf(value)}`];
  });
}

function textOf(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  // JSON leaves DEL and the C1 controls as they are, which act on a terminal.
  return PLAIN.test(text) ? text : escapeControls(JSON.stringify(text));
}
