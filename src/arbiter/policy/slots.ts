import type { WorkerSnapshot } from './worker-state.ts';

// A slot is a place in the service, from 0 up to the number of workers. A worker and its replacement have the same one.

/**
 * The slots below `wanted` in which no worker is as desired, in the order in which they get one: those where nobody is
 * ready, then those of the oldest ready workers.
 */
export function missingSlots(
  wanted: number,
  living: readonly WorkerSnapshot[],
  isFresh: (worker: WorkerSnapshot) => boolean,
): readonly number[] {
  const filled = new Set(living.filter(isFresh).map(({ slot }) => slot));
  const oldest = new Map<number | null, number>();
  for (const { age, slot, state } of living)
    if (state.name === 'ready') oldest.set(slot, Math.min(age, oldest.get(slot) ?? Infinity));
  return Array.from({ length: wanted }, (_, slot) => slot)
    .filter((slot) => !filled.has(slot))
    .toSorted((a, b) => (oldest.get(a) ?? 0) - (oldest.get(b) ?? 0));
}

/**
 * The ready workers in the order in which they retire: those that are replaced, which means that another one is ready in
 * their slot; those in slots that are not wanted, the highest first; then the others that are not as desired. Of as many
 * as are more than wanted, none leaves a slot without a ready worker.
 */
export function orderOfRetirement(
  ready: readonly WorkerSnapshot[],
  wanted: number,
  isFresh: (worker: WorkerSnapshot) => boolean,
): readonly WorkerSnapshot[] {
  const youngestFirst = ready.toSorted((a, b) => b.age - a.age);
  const staying = new Map<number | null, WorkerSnapshot>();
  for (const worker of [...youngestFirst.filter(isFresh), ...youngestFirst])
    if (!staying.has(worker.slot)) staying.set(worker.slot, worker);
  const rank = (worker: WorkerSnapshot) => {
    if (staying.get(worker.slot) !== worker) return 0;
    if ((worker.slot ?? 0) >= wanted) return 1;
    return isFresh(worker) ? 3 : 2;
  };
  return ready.toSorted(
    (a, b) => rank(a) - rank(b) || (rank(a) === 1 ? (b.slot ?? 0) - (a.slot ?? 0) : 0) || a.age - b.age,
  );
}
