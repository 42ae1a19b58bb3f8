/** What a record says of lost lines, if it does. */
export interface LossFields {
  readonly event?: unknown;
  readonly phase?: unknown;
  readonly file?: unknown;
  readonly lost?: unknown;
}

/** Returns what adds up, by the records that say so, how many lines of logs are lost. */
export function countLost(add: (lines: number) => void): (fields: LossFields) => void {
  /** How many lines a log has lost that cannot be written now, as far as they are added. */
  const known = new Map<unknown, number>();
  return ({ event, phase, file, lost }) => {
    if (typeof lost !== 'number') return;
    if (event === 'access-lines-lost') return add(lost);
    if (event !== 'log-unwritable') return;
    // It says how many are lost since that began.
    const more = lost - (known.get(file) ?? 0);
    if (phase === 'ends') known.delete(file);
    else known.set(file, lost);
    if (more > 0) add(more);
  };
}
