import type { Figure } from './figure.ts';
import { operations } from './operations.ts';
import { type Judgement, judged, medianOf, pairedRatio, type Ratio } from './ratio.ts';

/** What is to be reached, as a ratio of two subjects in one group. */
interface Goal {
  readonly what: string;
  readonly group: string;
  readonly subject: string;
  readonly against: string;
  readonly sense: 'at least' | 'at most';
  readonly factor: number;
  /** Which metric of the other is over which of the subject's. */
  readonly metric: string;
  /** Where less is better, the other's is over the subject's. */
  readonly inverse: boolean;
}

/** A goal with what was measured of it. */
export interface Verdict {
  readonly what: string;
  readonly measured: Ratio;
  readonly goal: string;
  readonly judgement: Judgement;
}

const MICROS = 'processor µs a request';
const INHERITED = 'bare, one inherited socket';

function cost(what: string, group: string, subject: string, against: string, factor: number): Goal {
  return { what, group, subject, against, sense: 'at least', factor, metric: MICROS, inverse: true };
}

const goals: readonly Goal[] = [
  cost(
    'kept connections, requests per processor second',
    'kept connections',
    'tsunicorn async',
    INHERITED,
    0.97,
  ),
  cost(
    'new connections, requests per processor second',
    'new connections',
    'tsunicorn async',
    INHERITED,
    0.97,
  ),
  cost(
    'new connections, requests per processor second',
    'new connections',
    'tsunicorn async',
    'node:cluster',
    2.5,
  ),
  cost('sync, requests per processor second', 'Connection: close', 'tsunicorn sync', 'bare node:http', 0.95),
  cost('fetch, requests per processor second', 'kept connections', 'tsunicorn fetch', 'bare node:http', 0.92),
  cost(
    'a script, requests per processor second',
    'kept connections',
    'tsunicorn script',
    'tsunicorn async',
    0.97,
  ),
];

/** The latencies that an operation may not raise more than so much over the calm before it. */
const TAIL_FACTOR = 2;
const TAIL = ['reload', 'upgrade', 'kill -9 of a worker'];
const TAIL_SUBJECTS = ['tsunicorn async', 'tsunicorn sync'];

type Find = (group: string, subject: string, metric: string) => readonly number[] | null;

function finder(figures: readonly Figure[]): Find {
  return (group, subject, metric) =>
    figures.find((one) => one.group === group && one.subject === subject && one.metric === metric)?.values ??
    null;
}

function costVerdicts(find: Find): readonly Verdict[] {
  return goals.flatMap(({ what, group, subject, against, sense, factor, metric, inverse }) => {
    const of = find(group, subject, metric);
    const other = find(group, against, metric);
    if (of === null || other === null || of.length === 0 || other.length === 0) return [];
    const measured = inverse ? pairedRatio(other, of) : pairedRatio(of, other);
    const judgement = judged(measured, sense, factor);
    return [{ what: `${subject}: ${what}`, measured, goal: `${sense} ${factor} × ${against}`, judgement }];
  });
}

function tailVerdicts(find: Find): readonly Verdict[] {
  return TAIL_SUBJECTS.flatMap((subject) =>
    TAIL.flatMap((moment) => {
      const during = find(`latency: ${moment}`, subject, 'p99, ms');
      const calm = find(`latency: ${moment}`, subject, 'calm p99, ms');
      if (during === null || calm === null) return [];
      const measured = pairedRatio(during, calm);
      const judgement = judged(measured, 'at most', TAIL_FACTOR);
      return [
        { what: `${subject}: p99, ${moment}`, measured, goal: `at most ${TAIL_FACTOR} × calm`, judgement },
      ];
    }),
  );
}

/** Sessions of tsunicorn's clients that were lost in what was planned. */
export function lostInPlanned(figures: readonly Figure[]): readonly Figure[] {
  return figures.filter(
    ({ group, subject, metric, values }) =>
      subject.startsWith('tsunicorn') &&
      (metric === 'failed' || metric === 'refused') &&
      Object.entries(operations).some(([name, { planned }]) => planned && name === group) &&
      values.some((value) => value > 0),
  );
}

function plannedVerdict(figures: readonly Figure[]): readonly Verdict[] {
  const isPlanned = (group: string) =>
    Object.entries(operations).some(([name, { planned }]) => planned && name === group);
  if (!figures.some(({ group, subject }) => isPlanned(group) && subject.startsWith('tsunicorn'))) return [];
  const lost = lostInPlanned(figures).reduce((sum, { values }) => sum + values.reduce((a, b) => a + b, 0), 0);
  const measured = medianOf([lost]);
  const judgement = lost === 0 ? 'reached' : 'missed';
  return [{ what: 'tsunicorn: failed or refused in planned operations', measured, goal: '0', judgement }];
}

/** Every goal of which both sides have been measured. */
export function verdicts(figures: readonly Figure[]): readonly Verdict[] {
  const find = finder(figures);
  return [...plannedVerdict(figures), ...tailVerdicts(find), ...costVerdicts(find)];
}
