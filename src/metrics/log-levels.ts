import { placeFor } from './layout.ts';

/** The levels whose lines are counted. */
export type CountedLevel = 'critical' | 'error' | 'warning';

const PLACES: ReadonlyMap<string, number> = new Map(
  ['critical', 'error', 'warning', 'exception'].map((level) => [
    level,
    placeFor('tsunicorn_log_records_total', level) ?? 0,
  ]),
);

/** Where a line is counted: by its level, and where it has an error, as exception. */
export function levelPlaces(
  level: CountedLevel,
  fields: { readonly err?: unknown } | undefined,
): readonly number[] {
  const at = PLACES.get(level) ?? 0;
  return fields?.err === undefined ? [at] : [at, PLACES.get('exception') ?? 0];
}
