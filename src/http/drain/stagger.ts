/** Even a few clients do not all come back at the same moment. */
const GAP_MS = 50;

/**
 * When each of `count` clients is to be sent away, in milliseconds from now and in order: evenly over `windowMs`, or in
 * less time where they are few. `random`, in [0, 1), keeps workers that begin together out of step.
 */
export function stagger(count: number, windowMs: number, random: number): readonly number[] {
  const gapMs = Math.min(GAP_MS, windowMs / count);
  return Array.from({ length: count }, (_, index) => (index + random) * gapMs);
}
