import type { Column } from './fixture.ts';
import type { Outcome } from './results.ts';

/** Why a cell is "no", in a sentence for users; what has none here is explained by what the run said. */
const REASONS: Readonly<Record<string, Partial<Readonly<Record<Column, string>>>>> = {};

/** The reason for a "no" of a package. */
export function reasonFor(name: string, column: Column, outcome: Outcome | undefined): string {
  const known = REASONS[name]?.[column];
  if (known !== undefined) return known;
  if (outcome === undefined || outcome === 'yes') return 'It was not run.';
  return `${outcome.no}.`;
}
