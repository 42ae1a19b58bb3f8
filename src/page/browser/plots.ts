import uPlot from 'uplot';
import type { WireMark } from '../wire.ts';
import { byId, el } from './dom.ts';
import { bytes, count, percent, time } from './format.ts';
import type { History } from './history.ts';

/** One line of a plot. */
interface Line {
  readonly label: string;
  readonly colour: string;
  readonly values: (history: History) => (number | null)[];
  /** The scale on the right. */
  readonly isRight?: true;
}

interface PlotSpec {
  readonly title: string;
  /** What a person who does not know the figure has to know. */
  readonly hint: string;
  readonly format: (value: number | null | undefined) => string;
  readonly right?: (value: number | null | undefined) => string;
  /** A line for each slot in place of `lines`. */
  readonly perSlot?: string;
  readonly lines?: readonly Line[];
}

const service = (figure: string) => (history: History) => history.of(figure);

const PLOTS: readonly PlotSpec[] = [
  {
    title: 'Requests a second',
    hint: 'Failed: 5xx, or no answer.',
    format: count,
    lines: [
      { label: 'all', colour: '--c0', values: service('requestRate') },
      { label: 'failed', colour: '--c2', values: service('errorRate') },
    ],
  },
  {
    title: 'How long requests take',
    hint: 'Of those that ended. A request that hangs is not in here, but in flight.',
    format: time,
    lines: [
      { label: 'half (p50)', colour: '--c0', values: service('p50') },
      { label: 'p95', colour: '--c1', values: service('p95') },
      { label: 'p99', colour: '--c2', values: service('p99') },
    ],
  },
  {
    title: 'In flight',
    hint: 'Requests that have come and are not answered in full.',
    format: count,
    lines: [
      { label: 'requests', colour: '--c0', values: service('inFlight') },
      { label: 'connections', colour: '--c7', values: service('connections') },
    ],
  },
  {
    title: 'Waiting to be accepted',
    hint: 'Connections in the queue of the kernel; queue time where a proxy sends X-Request-Start.',
    format: count,
    right: time,
    lines: [
      { label: 'connections', colour: '--c1', values: service('queued') },
      { label: 'queue time p95', colour: '--c4', values: service('queueP95'), isRight: true },
    ],
  },
  {
    title: 'Event loop delay, by slot',
    hint: 'How late timers fire (p99). A loop that is blocked rises until it runs again.',
    format: time,
    perSlot: 'loopDelay',
  },
  { title: 'Processor, by slot', hint: '100 % is one processor.', format: percent, perSlot: 'cpu' },
  { title: 'Memory, by slot', hint: 'Resident memory.', format: bytes, perSlot: 'rss' },
];

/** Signs on the time axis, so that they differ by more than colour. */
export const SIGNS: Readonly<
  Record<WireMark['kind'], readonly [sign: string, colour: string, meaning: string]>
> = {
  death: ['✕', '--bad', 'a worker died'],
  trouble: ['!', '--warning', 'a loop is blocked, or nobody serves'],
  reload: ['↻', '--c0', 'reload'],
  upgrade: ['⇧', '--c4', 'upgrade'],
  scaling: ['±', '--c3', 'scaling'],
};

const COLOURS = ['--c0', '--c1', '--c3', '--c4', '--c5', '--c6', '--c2', '--c7'];
/** More slots than these are not told apart by their lines; the largest is named. */
const MOST_NAMED = 8;

function colourOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || '#888';
}

/** Resolves light-dark(), which a canvas does not know. */
class Palette {
  readonly #probe = el('span', { hidden: '' });
  readonly #known = new Map<string, string>();

  constructor() {
    document.body.append(this.#probe);
  }

  get(name: string): string {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    this.#probe.style.color = `var(${name})`;
    const colour = getComputedStyle(this.#probe).color || colourOf(name);
    this.#known.set(name, colour);
    return colour;
  }

  forget(): void {
    this.#known.clear();
  }
}

class Plot {
  readonly #spec: PlotSpec;
  readonly #values = el('p', { class: 'values' });
  readonly #canvas = el('div', { class: 'canvas', 'aria-hidden': 'true' });
  readonly #palette: Palette;
  #chart: uPlot | null = null;
  #lines: readonly Line[] = [];
  #history: History | null = null;
  #marks: readonly WireMark[] = [];

  constructor(spec: PlotSpec, palette: Palette, into: HTMLElement) {
    this.#spec = spec;
    this.#palette = palette;
    into.append(
      el('figure', {}, el('figcaption', { title: spec.hint }, spec.title), this.#values, this.#canvas),
    );
    new ResizeObserver(() => this.#resize()).observe(this.#canvas);
  }

  show(history: History, from: number): void {
    this.#history = history;
    this.#marks = history.marks;
    const lines = this.#linesOf(history);
    if (this.#chart === null || lines.length !== this.#lines.length) this.#create(lines);
    const now = history.times.at(-1) ?? 0;
    const data = [history.times, ...lines.map(({ values }) => values(history))] as uPlot.AlignedData;
    this.#chart?.setData(data, false);
    this.#chart?.setScale('x', { min: Math.max(from, now - 900), max: now });
    this.#tell();
  }

  redraw(): void {
    this.#chart?.redraw();
    this.#tell();
  }

  #linesOf(history: History): readonly Line[] {
    const { perSlot, lines = [] } = this.#spec;
    // Without a proxy that tells it there is no queue time, and no axis for it.
    if (perSlot === undefined)
      return lines.filter(({ isRight, values }) => !isRight || values(history).some((one) => one !== null));
    return history.slots.map((slot) => ({
      label: `slot ${slot}`,
      colour: COLOURS[slot % COLOURS.length] ?? '--c0',
      values: (from) => from.ofSlot(slot, perSlot),
    }));
  }

  /** The values at the cursor, or the latest: also for those who cannot see the lines. */
  #tell(): void {
    const at = this.#chart?.cursor.idx ?? null;
    const history = this.#history;
    if (history === null) return;
    const valueAt = ({ values }: Line) => values(history).at(at ?? -1) ?? null;
    const shown = this.#lines;
    const texts =
      shown.length <= MOST_NAMED
        ? shown.map((line) => this.#entry(line, valueAt(line)))
        : [this.#largest(shown, valueAt)];
    const when =
      at === null
        ? []
        : [el('span', {}, new Date((history.times[at] ?? 0) * 1000).toLocaleTimeString('en-GB'))];
    this.#values.replaceChildren(...when, ...texts);
  }

  #entry({ label, colour, isRight }: Line, value: number | null): HTMLElement {
    const format = isRight ? (this.#spec.right ?? this.#spec.format) : this.#spec.format;
    const swatch = el('i');
    swatch.style.background = this.#palette.get(colour);
    return el('span', {}, swatch, `${label} `, el('b', {}, format(value)));
  }

  #largest(lines: readonly Line[], valueAt: (line: Line) => number | null): HTMLElement {
    const sorted = lines
      .map((line) => ({ line, value: valueAt(line) }))
      .sort((one, other) => (other.value ?? -1) - (one.value ?? -1));
    const [top, last] = [sorted[0], sorted.at(-1)];
    const { format } = this.#spec;
    return el(
      'span',
      {},
      `${lines.length} slots; the highest is ${top?.line.label} `,
      el('b', {}, format(top?.value)),
      ', the lowest ',
      el('b', {}, format(last?.value)),
    );
  }

  #create(lines: readonly Line[]): void {
    this.#chart?.destroy();
    this.#lines = lines;
    const { format, right } = this.#spec;
    const axis = (size: number, values?: (value: number) => string): uPlot.Axis => ({
      size,
      stroke: () => this.#palette.get('--soft'),
      font: '11px system-ui, sans-serif',
      ticks: { show: false },
      grid: { stroke: () => this.#palette.get('--line'), width: 1 },
      ...(values ? { values: (_chart, splits) => splits.map((value) => values(value)) } : {}),
    });
    const hasRight = lines.some(({ isRight }) => isRight);
    const range: uPlot.Range.Function = (_chart, _min, max) => [0, max === null || max <= 0 ? 1 : max * 1.12];
    this.#chart = new uPlot(
      {
        width: Math.max(100, this.#canvas.clientWidth),
        height: Math.max(60, this.#canvas.clientHeight),
        padding: [6, 12, 0, 0],
        legend: { show: false },
        cursor: { sync: { key: 'time' }, points: { size: 5 }, drag: { x: false, y: false }, y: false },
        scales: { x: { time: true }, y: { range }, ...(hasRight ? { right: { range } } : {}) },
        axes: [
          { ...axis(22), values: timesOf, space: 64, incrs: [15, 30, 60, 120, 180, 300] },
          axis(56, format),
          ...(hasRight && right
            ? [{ ...axis(50, right), side: 1, scale: 'right', grid: { show: false } }]
            : []),
        ],
        series: [
          {},
          ...lines.map(({ label, colour, isRight }) => ({
            label,
            scale: isRight ? 'right' : 'y',
            stroke: () => this.#palette.get(colour),
            width: lines.length > MOST_NAMED ? 1 : 1.5,
            points: { show: false },
          })),
        ],
        hooks: { draw: [(chart) => this.#drawMarks(chart)], setCursor: [() => this.#tell()] },
      },
      [[], ...lines.map(() => [])],
      this.#canvas,
    );
  }

  #drawMarks({ ctx, bbox, valToPos, scales }: uPlot): void {
    const { min = 0, max = 0 } = scales.x ?? {};
    ctx.save();
    const unit = devicePixelRatio;
    ctx.font = `bold ${11 * unit}px system-ui, sans-serif`;
    ctx.textAlign = 'center';
    for (const { at, kind } of this.#marks) {
      if (at < (min ?? 0) || at > (max ?? 0)) continue;
      const [sign, colour] = SIGNS[kind];
      const x = Math.round(valToPos(at, 'x', true));
      ctx.strokeStyle = ctx.fillStyle = this.#palette.get(colour);
      ctx.lineWidth = unit;
      ctx.setLineDash([3 * unit, 3 * unit]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top + 12 * unit);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      ctx.fillText(sign, x, bbox.top + 10 * unit);
    }
    ctx.restore();
  }

  #resize(): void {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    if (width > 0) this.#chart?.setSize({ width, height });
  }
}

/** With seconds only where they differ. */
function timesOf(_chart: uPlot, splits: readonly number[]): string[] {
  const isWhole = splits.every((at) => at % 60 === 0);
  return splits.map((at) => new Date(at * 1000).toLocaleTimeString('en-GB').slice(0, isWhole ? 5 : 8));
}

/** So many seconds are shown at least. */
const YOUNGEST = 60;

/** All plots, on one time axis. */
export class Plots {
  readonly #palette = new Palette();
  readonly #plots: readonly Plot[];

  constructor() {
    const into = byId('plots');
    this.#plots = PLOTS.map((spec) => new Plot(spec, this.#palette, into));
    const entries = Object.values(SIGNS).map(([sign, colour, meaning]) => {
      const shown = el('b', { 'aria-hidden': 'true' }, sign);
      shown.style.color = `var(${colour})`;
      return el('li', {}, shown, ` ${meaning}`);
    });
    byId('key').replaceChildren(...entries);
  }

  show(history: History, seconds: number): void {
    const now = history.times.at(-1) ?? 0;
    // Of a young service there is less to show.
    const first = Math.min(history.times[0] ?? now, now - YOUNGEST);
    const from = Math.max(now - seconds, first);
    for (const plot of this.#plots) plot.show(history, from);
  }

  /** The colours have changed. */
  recolour(): void {
    this.#palette.forget();
    for (const plot of this.#plots) plot.redraw();
  }
}
