import { type Figure, UNFINISHED } from './figure.ts';
import { operations } from './operations.ts';
import { type Judgement, judged, medianOf, pairedRatio, type Ratio } from './ratio.ts';

/** A cost that is to be reached: `against` takes at least `factor` times the processor time of the subject. */
interface Goal {
  readonly what: string;
  readonly group: string;
  readonly subject: string;
  readonly against: string;
  readonly factor: number;
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
const BARE = 'bare node:http';
const OURS = 'tsunicorn async';
const KEPT = 'kept connections';
const NEW = 'new connections';

const goals: readonly Goal[] = [
  { what: KEPT, group: KEPT, subject: OURS, against: INHERITED, factor: 0.97 },
  { what: NEW, group: NEW, subject: OURS, against: INHERITED, factor: 0.97 },
  { what: NEW, group: NEW, subject: OURS, against: 'node:cluster', factor: 2.5 },
  { what: 'sync', group: 'Connection: close', subject: 'tsunicorn sync', against: BARE, factor: 0.95 },
  { what: 'fetch', group: KEPT, subject: 'tsunicorn fetch', against: BARE, factor: 0.92 },
  { what: 'a script', group: KEPT, subject: 'tsunicorn script', against: OURS, factor: 0.97 },
];

/** The latency during an operation may be so many times that of the calm before it. */
const TAIL_FACTOR = 2;
const TAIL = ['reload', 'upgrade', 'kill -9 of a worker'];
const TAIL_SUBJECTS = ['tsunicorn async', 'tsunicorn sync'];

/** Whether a goal is judged by the latency of a subject at that moment. */
export function hasTailGoal(subject: string, moment: string): boolean {
  return TAIL_SUBJECTS.includes(subject) && TAIL.includes(moment);
}

type Find = (group: string, subject: string, metric: string) => readonly number[] | null;

function finder(figures: readonly Figure[]): Find {
  return (group, subject, metric) =>
    figures.find((one) => one.group === group && one.subject === subject && one.metric === metric)?.values ??
    null;
}

function costVerdicts(find: Find): readonly Verdict[] {
  return goals.flatMap(({ what, group, subject, against, factor }) => {
    const ours = find(group, subject, MICROS);
    const theirs = find(group, against, MICROS);
    if (ours === null || theirs === null || ours.length === 0 || theirs.length === 0) return [];
    const measured = pairedRatio(theirs, ours);
    return [
      {
        what: `${subject}: ${what}, requests per processor second`,
        measured,
        goal: `at least ${factor} × ${against}`,
        judgement: judged(measured, 'at least', factor),
      },
    ];
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

/** The figures of tsunicorn in what was planned: of an operation by itself, and beside the load of the tail. */
function ofPlanned(figures: readonly Figure[]): readonly Figure[] {
  const planned = Object.entries(operations).flatMap(([name, one]) => (one.planned ? [name] : []));
  const groups = new Set(planned.flatMap((name) => [name, `latency: ${name}`]));
  return figures.filter(({ group, subject }) => groups.has(group) && subject.startsWith('tsunicorn'));
}

/** What tsunicorn lost in planned operations: sessions and requests of clients, and operations that did not come to their end. */
export function lostInPlanned(figures: readonly Figure[]): readonly Figure[] {
  const lost = new Set(['failed', 'refused', UNFINISHED]);
  return ofPlanned(figures).filter(
    ({ metric, values }) => lost.has(metric) && values.some((value) => value > 0),
  );
}

function plannedVerdict(figures: readonly Figure[]): readonly Verdict[] {
  if (ofPlanned(figures).length === 0) return [];
  const lost = lostInPlanned(figures).reduce((sum, { values }) => sum + values.reduce((a, b) => a + b, 0), 0);
  const measured = medianOf([lost]);
  const judgement = lost === 0 ? 'reached' : 'missed';
  return [
    {
      what: 'tsunicorn: failed, refused or not finished in planned operations',
      measured,
      goal: '0',
      judgement,
    },
  ];
}

/** Every goal of which both sides have been measured. */
export function verdicts(figures: readonly Figure[]): readonly Verdict[] {
  const find = finder(figures);
  return [...plannedVerdict(figures), ...tailVerdicts(find), ...costVerdicts(find)];
}
