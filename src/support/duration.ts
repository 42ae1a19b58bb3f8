/** A time as log lines say it: `1.5 s`. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** A delay as log lines say it: `at once`, `in 1.5 s`. */
export function inSeconds(delayMs: number): string {
  return delayMs === 0 ? 'at once' : `in ${seconds(delayMs)}`;
}
