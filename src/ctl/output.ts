import { util } from '../support/builtins.ts';
import { escapeControls } from '../support/text.ts';

type Style = Parameters<typeof util.styleText>[0];

/** Where a command writes. */
export interface Output {
  /** A line on the standard output. */
  line(text: string): void;
  /** A line on the standard error: progress, and what went wrong. */
  note(text: string): void;
  /** The text in that style, where the standard output is a terminal that wants colours (NO_COLOR is respected). */
  style(style: Style, text: string): string;
}

/** Writes to this process's own streams. */
export const ownOutput: Output = {
  line: (text) => void process.stdout.write(`${text}\n`),
  note: (text) => void process.stderr.write(`${text}\n`),
  style: (style, text) => util.styleText(style, text, { stream: process.stdout, validateStream: true }),
};

/** What stands for a value that is not known. */
export const UNKNOWN = '-';

/** Rows of equal width in each column; a column is flushed right where its heading begins with `>`. */
export function columns(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const right = headings.map((heading) => heading.startsWith('>'));
  const all = [
    headings.map((heading) => heading.replace(/^>/, '')),
    ...rows.map((row) => row.map(escapeControls)),
  ];
  const widths = headings.map((_, index) => Math.max(...all.map((row) => (row[index] ?? '').length)));
  return all.map((row) =>
    row
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        return right[index] ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}

/** A size for people: `1.5G`, `228M`, `64K`. */
export function sizeText(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return UNKNOWN;
  for (const [unit, factor] of [
    ['G', 1024 ** 3],
    ['M', 1024 ** 2],
  ] as const)
    if (bytes >= factor) return `${trimmed(bytes / factor)}${unit}`;
  return `${Math.round(bytes / 1024)}K`;
}

/** A time for people: `42s`, `3m12s`, `5h02m`, `12d03h`. */
export function timeText(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return UNKNOWN;
  const [whole, two] = [Math.floor(seconds), (value: number) => `${value}`.padStart(2, '0')];
  const [days, hours] = [Math.floor(whole / 86_400), Math.floor(whole / 3600) % 24];
  const [minutes, rest] = [Math.floor(whole / 60) % 60, whole % 60];
  if (days > 0) return `${days}d${two(hours)}h`;
  if (hours > 0) return `${hours}h${two(minutes)}m`;
  return minutes > 0 ? `${minutes}m${two(rest)}s` : `${rest}s`;
}

/** A short time for people: `25ms`, `3.2s`. */
export function delayText(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return UNKNOWN;
  return ms < 1000 ? `${trimmed(ms)}ms` : `${trimmed(ms / 1000)}s`;
}

/** A number for people, or what stands for none. */
export function numberText(value: number | null | undefined): string {
  return value === null || value === undefined ? UNKNOWN : trimmed(value);
}

function trimmed(value: number): string {
  return value >= 10 || Number.isInteger(value) ? `${Math.round(value)}` : value.toFixed(1);
}
