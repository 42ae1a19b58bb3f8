/**
 * How long from now on a worker waits for its application, which has `seconds` in all: it gives up a little before the
 * arbiter, which counts from the spawn and not from the process's own start, so that the arbiter is told why.
 */
export function giveUpMs(seconds: number, nowMs: number): number {
  const limitMs = seconds * 1000 || Infinity;
  return Math.max(0, limitMs - Math.min(1000, limitMs / 10) - nowMs);
}
