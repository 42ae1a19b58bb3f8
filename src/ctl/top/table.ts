import type { StatusAnswer } from '../client.ts';
import { columns, delayText, numberText, sizeText, timeText, UNKNOWN } from '../output.ts';
import type { Looks } from '../verbs/status.ts';

type Worker = StatusAnswer['processes'][number];

interface Row {
  readonly worker: Worker;
  /** Of one processor; null where it is not known. */
  readonly cpu: number | null;
}

interface Column {
  readonly heading: string;
  readonly text: (row: Row) => string;
  readonly value: (row: Row) => number | null;
}

const cpuText = (cpu: number | null) => (cpu === null ? UNKNOWN : `${Math.round(cpu * 100)}%`);

const COLUMNS: readonly Column[] = [
  { heading: '>SLOT', text: ({ worker }) => numberText(worker.slot), value: ({ worker }) => worker.slot },
  { heading: '>PID', text: ({ worker }) => `${worker.pid || UNKNOWN}`, value: ({ worker }) => worker.pid },
  {
    heading: '>GEN',
    text: ({ worker }) => `${worker.generation}`,
    value: ({ worker }) => worker.generation,
  },
  { heading: 'STATE', text: ({ worker }) => worker.state, value: () => null },
  {
    heading: '>UPTIME',
    text: ({ worker }) => timeText(worker.uptimeSeconds),
    value: ({ worker }) => worker.uptimeSeconds,
  },
  {
    heading: '>REQ/S',
    text: ({ worker }) => numberText(worker.requestsPerSecond),
    value: ({ worker }) => worker.requestsPerSecond,
  },
  {
    heading: '>INFLIGHT',
    text: ({ worker }) => numberText(worker.inFlight),
    value: ({ worker }) => worker.inFlight,
  },
  {
    heading: '>CONN',
    text: ({ worker }) => numberText(worker.connections),
    value: ({ worker }) => worker.connections,
  },
  { heading: '>CPU', text: ({ cpu }) => cpuText(cpu), value: ({ cpu }) => cpu },
  {
    heading: '>RSS',
    text: ({ worker }) => sizeText(worker.rssBytes),
    value: ({ worker }) => worker.rssBytes,
  },
  {
    heading: '>HEAP',
    text: ({ worker }) => sizeText(worker.heapBytes),
    value: ({ worker }) => worker.heapBytes,
  },
  {
    heading: '>LOOP-P99',
    text: ({ worker }) => delayText(worker.loopP99Ms),
    value: ({ worker }) => worker.loopP99Ms,
  },
  {
    heading: '>QUEUE',
    text: ({ worker }) => numberText(worker.queue),
    value: ({ worker }) => worker.queue,
  },
];

/** The columns by which the table can be sorted, in the order in which a key goes through them. */
export const SORTS: readonly string[] = COLUMNS.filter(({ heading }) => heading !== 'STATE').map((one) =>
  nameOf(one),
);
/** Left out one after another where the screen is narrow. */
const LEAST_WANTED: readonly string[] = [
  'GEN',
  'QUEUE',
  'CONN',
  'HEAP',
  'UPTIME',
  'LOOP-P99',
  'INFLIGHT',
  'RSS',
  'REQ/S',
];

function nameOf({ heading }: Column): string {
  return heading.replace('>', '');
}

/** The workers in the order of that column; the greatest first, or the smallest. */
export function sorted({ now, before, seconds }: Looks, sort: string, isReversed: boolean): readonly Row[] {
  const earlier = new Map(before.processes.map((worker) => [worker.pid, worker]));
  const rows = now.processes.map((worker) => ({
    worker,
    cpu: cpuOf(worker, earlier.get(worker.pid), seconds),
  }));
  const column = COLUMNS.find((one) => nameOf(one) === sort);
  // From slot 0, but from the busiest.
  const sign = (sort === 'SLOT' || sort === 'PID') === isReversed ? -1 : 1;
  const figureOf = (row: Row) => column?.value(row) ?? Number.NEGATIVE_INFINITY;
  return rows.toSorted((one, other) => {
    const [a, b] = [figureOf(one), figureOf(other)];
    return a === b ? one.worker.age - other.worker.age : (a < b ? -1 : 1) * sign;
  });
}

function cpuOf({ cpuSeconds }: Worker, before: Worker | undefined, seconds: number): number | null {
  const then = before?.cpuSeconds ?? null;
  return cpuSeconds === null || then === null || seconds <= 0 ? null : (cpuSeconds - then) / seconds;
}

/** The table, its headings first, in lines of at most `width`. */
export function tableLines(rows: readonly Row[], sort: string, width: number): readonly string[] {
  let shown = COLUMNS;
  for (const least of [...LEAST_WANTED, null]) {
    const headings = shown.map((one) => (nameOf(one) === sort ? `${one.heading}*` : one.heading));
    const lines = columns(
      headings,
      rows.map((row) => shown.map(({ text }) => text(row))),
    );
    if (least === null || lines.every((line) => line.length <= width)) return lines;
    shown = shown.filter((one) => nameOf(one) !== least || least === sort);
  }
  return [];
}
