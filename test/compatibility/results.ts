import { readFileSync, writeFileSync } from 'node:fs';
import { COLUMNS, type Column, dashOf, type Fixture } from './fixture.ts';

/** What a cell of the matrix says; `node` where the program does the same without tsunicorn. */
export type Outcome = 'yes' | { readonly no: string; readonly node?: 'no' };

/** The outcomes of one package; a column that is missing was not run. */
export type Outcomes = Readonly<Partial<Record<Column, Outcome>>>;

export interface Results {
  /** The version of Node that ran them. */
  readonly node: string;
  readonly packages: Readonly<Record<string, Outcomes>>;
}

const path = new URL('results.json', import.meta.url);

/** What the last `npm run compatibility` found. */
export function readResults(): Results {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** Replaces the outcomes of the packages that were run. */
export function writeResults(found: Readonly<Record<string, Outcomes>>, fixtures: readonly Fixture[]): void {
  const known = readResults().packages;
  const packages = fixtures.flatMap(({ name }) => {
    const outcomes = found[name] ?? known[name];
    return outcomes === undefined ? [] : [[name, inOrder(outcomes)] as const];
  });
  const results: Results = { node: process.versions.node, packages: Object.fromEntries(packages) };
  writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`);
}

/** The columns in which two runs of a package differ, each in a line. */
export function differences(one: Fixture, found: Outcomes, known: Outcomes): readonly string[] {
  return COLUMNS.filter((column) => dashOf(one, column) === null)
    .filter((column) => isYes(found[column]) !== isYes(known[column]))
    .map((column) => `${one.name}, ${column}: ${textOf(found[column])}; listed: ${textOf(known[column])}`);
}

function isYes(outcome: Outcome | undefined): boolean {
  return outcome === 'yes';
}

/** An outcome in a line. */
export function textOf(outcome: Outcome | undefined): string {
  if (outcome === undefined) return 'not run';
  return outcome === 'yes' ? 'yes' : `no (${outcome.no})`;
}

function inOrder(outcomes: Outcomes): Outcomes {
  return Object.fromEntries(
    COLUMNS.flatMap((column) => (outcomes[column] ? [[column, outcomes[column]]] : [])),
  );
}
