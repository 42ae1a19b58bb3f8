import type { Figure } from '../figure.ts';
import type { Verdict } from '../goals.ts';
import type { Subject } from '../subject.ts';
import type { Run } from './history.ts';
import type { Table } from './text.ts';

/** A section with its tables. */
export interface ReportSection {
  readonly name: string;
  readonly about: string;
  readonly tables: readonly Table[];
  readonly figures: readonly Figure[];
}

/** Everything that a page says. */
export interface Report {
  readonly machine: string;
  readonly when: string;
  readonly verdicts: readonly Verdict[];
  readonly subjects: readonly Subject[];
  readonly sections: readonly ReportSection[];
  /** What was not measured, and why. */
  readonly leftOut: readonly string[];
  readonly history: readonly Run[];
}
