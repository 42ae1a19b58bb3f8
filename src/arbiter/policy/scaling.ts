/** What the workers that serve reported at one time, as means over all of them. */
export interface Sample {
  readonly atMs: number;
  /** 0 to 1. */
  readonly utilisation: number;
  /** Requests a worker. */
  readonly inFlight: number;
}

/** Between how many workers the policy may choose. */
export interface ScalingLimits {
  readonly min: number;
  readonly max: number;
  /** How many requests a worker can have in flight before it stops accepting. */
  readonly capacity: number;
}

/** The number of workers wanted, and the figures that led to it: for fewer workers, the highest ones of the last minute. */
export interface Verdict {
  readonly workers: number;
  readonly utilisation: number;
  readonly inFlight: number;
}

/** For how long the load must be high before there are more workers: three samples, about a second apart. */
export const UP_MS = 2800;
const UP_COVERED_MS = 1500;
/** For how long the load must be low before there is one worker fewer. */
export const DOWN_MS = 60_000;
const HIGH = 0.8;
/** When there are to be more workers, they are so many that each would have this load. */
const TARGET = 0.6;
/** A worker is retired only where the others would stay below this load, far from HIGH and below TARGET, so that the number never flaps. */
const LOW = 0.5;

/**
 * How many workers there should be instead of `count`; null where it is the right number. `samples` are in order and were
 * all taken with `count` workers: each change begins a new series, which makes a pause after it.
 *
 * Upwards it is fast, by as many workers as the load asks for, to at most twice the number. Downwards it is slow, by one at
 * a time, and only where one worker fewer would have been enough at every moment of the last minute.
 */
export function judge(
  samples: readonly Sample[],
  count: number,
  now: number,
  limits: ScalingLimits,
): Verdict | null {
  const recent = meanUntil(samples, now);
  if (recent !== null && count < limits.max) {
    const load = loadOf(recent, limits);
    const wanted = Math.min(Math.max(count + 1, Math.ceil((count * load) / TARGET)), 2 * count, limits.max);
    if (load >= HIGH) return { ...recent, workers: wanted };
  }
  const [oldest] = samples;
  if (count <= limits.min || oldest === undefined || now - oldest.atMs < DOWN_MS) return null;
  const peaks = samples.flatMap(({ atMs }) => meanUntil(samples, atMs) ?? []);
  // Samples are missing where the arbiter itself was stopped, or workers were replaced: the load may have been high then.
  if (peaks.length < DOWN_MS / UP_MS) return null;
  const load = Math.max(...peaks.map((peak) => loadOf(peak, limits)));
  if ((load * count) / (count - 1) >= LOW) return null;
  return {
    workers: count - 1,
    utilisation: Math.max(...peaks.map(({ utilisation }) => utilisation)),
    inFlight: Math.max(...peaks.map(({ inFlight }) => inFlight)),
  };
}

/** The samples that a later judgement may still need. */
export function worthKeeping(samples: readonly Sample[], now: number): readonly Sample[] {
  // One that is old enough stays, to show how far back they reach.
  const first = samples.findLastIndex(({ atMs }) => now - atMs >= DOWN_MS);
  return samples.slice(Math.max(0, first));
}

function loadOf({ utilisation, inFlight }: Omit<Sample, 'atMs'>, { capacity }: ScalingLimits): number {
  return Math.max(utilisation, inFlight / capacity);
}

/** The mean of the samples in the UP_MS before `untilMs`; null where they do not reach back far enough. */
function meanUntil(samples: readonly Sample[], untilMs: number): Omit<Sample, 'atMs'> | null {
  const some = samples.filter(({ atMs }) => atMs <= untilMs && untilMs - atMs < UP_MS);
  const [first] = some;
  if (first === undefined || untilMs - first.atMs < UP_COVERED_MS) return null;
  const mean = (of: (sample: Sample) => number) => some.reduce((sum, one) => sum + of(one), 0) / some.length;
  return { utilisation: mean((one) => one.utilisation), inFlight: mean((one) => one.inFlight) };
}
