import type { Lost } from './load.ts';

/** When connections may be closed without an answer. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Requests that were not answered, by what explains them. */
export interface Losses {
  /** They ended within moments after a worker was killed, and are no more than it can have had. */
  readonly killed: readonly Lost[];
  /** Reset while a process had no descriptor left. */
  readonly excused: readonly Lost[];
  readonly unexplained: readonly Lost[];
}

/** The client sees a killed process end at once, but on a machine that is busy. */
const SEEN_MS = 5000;

/** Explains each lost request by one kill, of which each explains at most `mostEach`. */
export function explain(
  lost: readonly Lost[],
  killsMs: readonly number[],
  windows: readonly Window[],
  mostEach: number,
): Losses {
  const kills = killsMs.map((atMs) => ({ atMs, left: mostEach }));
  const found = { killed: [] as Lost[], excused: [] as Lost[], unexplained: [] as Lost[] };
  for (const one of lost.toSorted((a, b) => a.atMs - b.atMs)) {
    const isExcused =
      one.outcome === 'ECONNRESET' &&
      windows.some(({ fromMs, toMs }) => one.atMs >= fromMs && one.atMs <= toMs);
    const kill = kills.find(({ atMs, left }) => left > 0 && one.atMs >= atMs && one.atMs <= atMs + SEEN_MS);
    if (isExcused) found.excused.push(one);
    else if (kill === undefined) found.unexplained.push(one);
    else {
      kill.left -= 1;
      found.killed.push(one);
    }
  }
  return found;
}
