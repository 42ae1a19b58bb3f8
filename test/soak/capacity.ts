/** What the arbiter's debug log says of capacity: how many workers were ready after each of its lines. */
const LINES: readonly (readonly [pattern: RegExp, change: 'ready' | 'gone'])[] = [
  [/\[DEBUG\] Worker is ready \(pid: (\d+)\)/, 'ready'],
  [/\[DEBUG\] Retiring worker \(pid: (\d+)\)/, 'gone'],
  [/Worker exiting \(pid: (\d+)\)/, 'gone'],
  [
    /Worker \(pid: (\d+), (?:slot \d+|spare), age \d+\)(?! (?:will be replaced|continues|is stopped|has blocked)|: its event loop (?:turns|.*--stall-warning))/,
    'gone',
  ],
];

/** The fewest workers that were ready at any moment, and the line of the log after which it was so. */
export interface Least {
  readonly ready: number;
  readonly after: string;
}

/**
 * Looks from the moment on at which `wanted` workers were ready for the first time, of all arbiters that wrote to this
 * log; null where that never came. A worker whose last words say more than that it ends counts as gone.
 */
export function leastReady(log: string, wanted: number): Least | null {
  const ready = new Set<string>();
  let least: Least | null = null;
  for (const line of log.split('\n')) {
    for (const [pattern, change] of LINES) {
      const pid = pattern.exec(line)?.[1];
      if (pid === undefined) continue;
      if (change === 'ready') ready.add(pid);
      else ready.delete(pid);
    }
    if (least === null ? ready.size >= wanted : ready.size < least.ready)
      least = { ready: ready.size, after: line };
  }
  return least;
}
