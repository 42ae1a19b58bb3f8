import type { Bar, Metric } from './candidate.ts';
import { bars } from './candidates.ts';
import type { CaseName } from './options.ts';
import { judge, type Mark, type Summary, summarise } from './statistics.ts';

/** One round of one candidate: requests a second, processor µs a request, failed requests. */
export interface Sample {
  readonly perSecond: number;
  readonly micros: number;
  readonly failed: number;
}

/** The rounds of one candidate; index i of every candidate was measured in the same round. */
export interface Series {
  readonly name: string;
  readonly processes: number;
  readonly samples: readonly Sample[];
}

/** A bar with the ratio that was measured, paired round by round. */
export interface Verdict {
  readonly bar: Bar;
  readonly ratio: Summary;
  readonly mark: Mark;
}

const readings: Readonly<Record<Metric, (sample: Sample) => number>> = {
  perSecond: (sample) => sample.perSecond,
  micros: (sample) => sample.micros,
  perProcessorSecond: (sample) => 1e6 / sample.micros,
};

const metricNames: Readonly<Record<Metric, string>> = {
  perSecond: 'requests/s',
  micros: 'µs/request',
  perProcessorSecond: 'requests per processor second',
};

function ratios(of: Series, against: Series, metric: Metric): readonly number[] {
  const read = readings[metric];
  return of.samples.flatMap((sample, round) => {
    const peer = against.samples[round];
    return peer === undefined ? [] : [read(sample) / read(peer)];
  });
}

/** Judges every bar of the case whose two candidates were measured. */
export function verdicts(name: CaseName, series: readonly Series[]): readonly Verdict[] {
  return bars.flatMap((bar) => {
    const of = series.find((one) => one.name === bar.candidate);
    const against = series.find((one) => one.name === bar.against);
    if (bar.in !== name || of === undefined || against === undefined) return [];
    const ratio = summarise(ratios(of, against, bar.metric));
    return [{ bar, ratio, mark: judge(ratio, bar.sense, bar.factor) }];
  });
}

/** `median (min–max)` with as many digits as asked for. */
export function spread({ median, min, max }: Summary, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}

/** A Markdown table; the columns after the first are aligned to the right but for the last. */
export function markdown(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = header.map((_, column) => (column === 0 || column === header.length - 1 ? '---' : '---:'));
  return [header, rule, ...rows].map(line).join('\n');
}

/** A bar between two candidates, what was measured of it, and the mark. */
interface Judged {
  readonly what: string;
  readonly ratio: Summary;
  readonly against: string;
  readonly sense: Bar['sense'];
  readonly factor: number;
  readonly mark: Mark;
}

/** One verdict in words: the measured ratio with its middle half, the bar and the mark. */
export function sentenceOf({ what, ratio, against, sense, factor, mark }: Judged): string {
  return `${what} ${middle(ratio, 2)} × ${against}, ${sense} ${factor}: **${mark}**`;
}

function middle({ median, q1, q3 }: Summary, digits: number): string {
  return `${median.toFixed(digits)} (${q1.toFixed(digits)}–${q3.toFixed(digits)})`;
}

/** A row of a table of bars: what was measured, its figures and their digits, the limit, and the mark. */
export type BarRow = readonly [what: string, measured: Summary, digits: number, limit: string, mark: string];

/** The row of a bar that does not depend on a peer: a figure in its own unit against a limit. */
export function absoluteBar(
  what: string,
  measured: Summary,
  sense: Bar['sense'],
  limit: number,
  digits: number,
): BarRow {
  return [what, measured, digits, `${sense} ${limit}`, `**${judge(measured, sense, limit)}**`];
}

/** A Markdown table of bars: medians with quartiles, limits, marks. */
export function barTable(rows: readonly BarRow[]): string {
  return markdown(
    ['bar', 'median (quartiles)', 'limit', 'mark'],
    rows.map(([what, measured, digits, limit, mark]) => [what, middle(measured, digits), limit, mark]),
  );
}

function sentence({ bar, ...judged }: Verdict): string {
  return sentenceOf({ ...bar, ...judged, what: metricNames[bar.metric] });
}

/** The table of one case: medians with min–max over the rounds, and the paired ratios with quartiles. */
export function caseTable(name: CaseName, series: readonly Series[]): string {
  const judged = verdicts(name, series);
  const rows = series.map((one) => [
    one.name,
    String(one.processes),
    spread(summarise(one.samples.map(readings.perSecond)), 0),
    spread(summarise(one.samples.map(readings.micros)), 1),
    String(one.samples.reduce((sum, sample) => sum + sample.failed, 0)),
    judged
      .filter(({ bar }) => bar.candidate === one.name)
      .map(sentence)
      .join('; '),
  ]);
  return markdown(
    ['candidate', 'processes', 'requests/s', 'processor µs/request', 'failed', 'against its bars'],
    rows,
  );
}
