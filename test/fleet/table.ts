import type { FrontName } from './fronts.ts';
import type { Method, Summary } from './sent.ts';

type Cell = string | number;

/** Of each column; negative where it is flushed right. */
const WIDTHS = [9, 28, 6, -7, -8, -8, -8, -8];

export const HEADING = line(['FRONT', 'WHAT', 'METHOD', 'SENT', 'FAILED', 'P50', 'P99', 'MOST']);

/** A line of the table; times are in milliseconds. */
export function rowOf(
  front: FrontName,
  title: string,
  method: Method,
  summary: Summary,
  mayFail: boolean,
): string {
  const { sent, failed, unexcused, p50, p99, most, outcomes } = summary;
  const excuse = mayFail && failed > 0 ? 'until it was seen' : '';
  const verdict = unexcused > 0 ? `${unexcused} must not have failed` : excuse;
  const remark = [outcomes, verdict].filter(Boolean).join(': ');
  return line([front, title, method, sent, failed, msText(p50), msText(p99), msText(most), `  ${remark}`]);
}

function msText(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0);
}

function line(cells: readonly Cell[]): string {
  return cells
    .map((cell, index) => {
      const width = WIDTHS[index] ?? 0;
      return width < 0 ? `${cell}`.padStart(-width) : `${cell}`.padEnd(width);
    })
    .join('')
    .trimEnd();
}
