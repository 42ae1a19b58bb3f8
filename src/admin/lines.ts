import type { Family } from '../metrics/catalogue.ts';
import type { Exemplar } from '../metrics/exemplars.ts';

/** The two formats of Prometheus: its own text (0.0.4), and OpenMetrics (1.0.0). */
export type ExpositionFormat = 'text' | 'openMetrics';

export type Labels = Readonly<Record<string, string>>;

/**
 * The parts of the lines of one member that stay the same, each up to its value. Of a histogram: one a bucket, the sum and
 * the count; of a summary: the sum and the count.
 */
export type Lines = readonly string[];

/** The lines that say what a family is. */
export function headOf(
  name: string,
  { type, help }: Pick<Family, 'type' | 'help'>,
  format: ExpositionFormat,
): string {
  // In OpenMetrics a counter is named without the suffix of its samples.
  const family = format === 'openMetrics' && type === 'counter' ? name.replace(/_total$/, '') : name;
  return `# HELP ${family} ${help}.\n# TYPE ${family} ${type}\n`;
}

/** The lines of one member of a family. */
export function linesOf(
  name: string,
  { type, bounds = [] }: Pick<Family, 'type' | 'bounds'>,
  labels: Labels,
  format: ExpositionFormat,
): Lines {
  const text = textOf(labels);
  if (type === 'summary') return [lineOf(`${name}_sum`, text), lineOf(`${name}_count`, text)];
  if (type !== 'histogram') return [lineOf(name, text)];
  const before = text === '' ? '' : `${text},`;
  const ends = [...bounds.map((bound) => boundOf(bound, format)), '+Inf'];
  return [
    ...ends.map((end) => lineOf(`${name}_bucket`, `${before}le="${end}"`)),
    lineOf(`${name}_sum`, text),
    lineOf(`${name}_count`, text),
  ];
}

/** Lines that have the values from `at` on, in their order. */
export function valuesText(lines: Lines, values: ArrayLike<number>, at: number): string {
  let text = '';
  for (let index = 0; index < lines.length; index++) text += `${lines[index]}${values[at + index] ?? 0}\n`;
  return text;
}

/**
 * The lines of a histogram whose numbers begin at `at`: the sum, then its buckets. Exemplars are by the index of their
 * bucket; Prometheus' own text has none.
 */
export function histogramText(
  lines: Lines,
  numbers: ArrayLike<number>,
  at: number,
  exemplars: ReadonlyMap<number, Exemplar> | null = null,
): string {
  const buckets = lines.length - 2;
  let text = '';
  let count = 0;
  for (let index = 0; index < buckets; index++) {
    count += numbers[at + 1 + index] ?? 0;
    const exemplar = exemplars?.get(index);
    text += `${lines[index]}${count}${exemplar === undefined ? '' : exemplarText(exemplar)}\n`;
  }
  return `${text}${lines[buckets]}${numbers[at] ?? 0}\n${lines[buckets + 1]}${count}\n`;
}

/** A line up to its value; `labels` is what stands between its braces. */
function lineOf(name: string, labels: string): string {
  return labels === '' ? `${name} ` : `${name}{${labels}} `;
}

/** As between the braces of a sample. */
function textOf(labels: Labels): string {
  let text = '';
  for (const label in labels) text += `${text === '' ? '' : ','}${label}="${escaped(labels[label] ?? '')}"`;
  return text;
}

/** The same in both formats; a path of a Unix socket may hold anything. */
function escaped(value: string): string {
  if (!/["\\\n]/.test(value)) return value;
  return value.replace(/["\\\n]/g, (found) => (found === '\n' ? '\\n' : `\\${found}`));
}

/** OpenMetrics wants a point in every number. */
function boundOf(bound: number, format: ExpositionFormat): string {
  return format === 'openMetrics' && Number.isInteger(bound) ? `${bound}.0` : `${bound}`;
}

/** As it stands behind the value of a bucket. */
function exemplarText({ traceId, spanId, seconds, at }: Exemplar): string {
  const labels = spanId === null ? `trace_id="${traceId}"` : `trace_id="${traceId}",span_id="${spanId}"`;
  return ` # {${labels}} ${seconds} ${at.toFixed(3)}`;
}
