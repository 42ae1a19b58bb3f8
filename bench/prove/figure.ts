import type { Course, Rounds } from './course.ts';

/** The sections of the report, in its order. */
export const sectionNames = ['failures', 'tail', 'cost', 'growth'] as const;

export type SectionName = (typeof sectionNames)[number];

/** What was measured of one subject in one way: a value a round, in the unit that `metric` names. */
export interface Figure {
  /** What is compared with one another: a table of the report. */
  readonly group: string;
  readonly subject: string;
  readonly metric: string;
  /** How much of what grows, where something does: connections, megabytes. */
  readonly x?: number;
  readonly values: readonly number[];
  /** What repeats it. */
  readonly command: string;
  readonly note?: string;
}

/** The metric of operations that did not come to their end in time: 1 a round. */
export const UNFINISHED = 'not finished in time';

/** A part of a section that runs in one go, so that a long run can be resumed between two of them. */
export interface Piece {
  readonly id: string;
  readonly section: SectionName;
  readonly inQuick: boolean;
  /** Whether a goal is judged by it, or tsunicorn measured: it comes first where time is short, and must not fail. */
  readonly isOurs: boolean;
  readonly rounds: Rounds;
  /** About how long a round takes, in seconds. */
  readonly roundSeconds: number;
  /** About how long it takes beside its rounds, as to start what is measured. */
  readonly fixedSeconds?: number;
  run(course: Course): Promise<readonly Figure[]>;
}
