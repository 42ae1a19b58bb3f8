import type { Figure } from '../figure.ts';
import { digits, middleOf } from './text.ts';

const WIDTH = 720;
const LABEL = 250;
const BAR = 18;
const GAP = 8;

export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A bar a subject from nothing to the median, with a line from the lowest round to the highest. */
function bars(figures: readonly Figure[]): string {
  const known = figures
    .map(({ subject, values }) => ({ subject, values: values.filter((value) => Number.isFinite(value)) }))
    .filter(({ values }) => values.length > 0);
  const most = Math.max(...known.flatMap(({ values }) => values), Number.EPSILON);
  const at = (value: number) => LABEL + ((WIDTH - LABEL - 80) * value) / most;
  const lines = known.map(({ subject, values }, index) => {
    const y = index * (BAR + GAP);
    const middle = middleOf(values);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const center = y + BAR / 2;
    return `<text x="${LABEL - 8}" y="${center + 4}" text-anchor="end">${escaped(subject)}</text>
<rect x="${LABEL}" y="${y}" width="${Math.max(1, at(middle) - LABEL).toFixed(1)}" height="${BAR}" class="${subject.startsWith('tsunicorn') ? 'ours' : 'peer'}"/>
<path d="M${at(low).toFixed(1)} ${center}H${at(high).toFixed(1)}" class="spread"/>
<text x="${(at(high) + 6).toFixed(1)}" y="${center + 4}">${digits(middle)}</text>`;
  });
  return svg(known.length * (BAR + GAP), lines.join('\n'));
}

const HEIGHT = 200;
const LEFT = 60;

/** Medians over sizes, the sizes in even steps of their logarithm. */
function line(figures: readonly Figure[]): string {
  const points = figures.map(({ x = 0, values }) => ({ x, y: middleOf(values) }));
  const log = (value: number) => Math.log10(value + 1);
  const [first, last] = [log(points[0]?.x ?? 0), log(points.at(-1)?.x ?? 1)];
  const most = Math.max(...points.map(({ y }) => y), Number.EPSILON);
  const atX = (x: number) => LEFT + ((WIDTH - LEFT - 40) * (log(x) - first)) / Math.max(last - first, 1e-9);
  const atY = (y: number) => HEIGHT - 30 - ((HEIGHT - 50) * y) / most;
  const path = points.map(
    ({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${atX(x).toFixed(1)} ${atY(y).toFixed(1)}`,
  );
  const marks = points.map(
    ({ x, y }) => `<circle cx="${atX(x).toFixed(1)}" cy="${atY(y).toFixed(1)}" r="3" class="ours"/>
<text x="${atX(x).toFixed(1)}" y="${(atY(y) - 8).toFixed(1)}" text-anchor="middle">${digits(y)}</text>
<text x="${atX(x).toFixed(1)}" y="${HEIGHT - 10}" text-anchor="middle">${digits(x)}</text>`,
  );
  return svg(HEIGHT, `<path d="${path.join('')}" class="line"/>\n${marks.join('\n')}`);
}

function svg(height: number, inside: string): string {
  return `<svg viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">\n${inside}\n</svg>`;
}

/** A plot of one metric of a group. */
export function plotOf(figures: readonly Figure[]): string {
  return figures.some(({ x }) => x !== undefined) ? line(figures) : bars(figures);
}
