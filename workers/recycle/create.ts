import type { WorkerLog } from '../../src/log/records.ts';
import type { Settings } from '../../src/settings/catalogue/catalogue.ts';
import type { Clock } from '../../src/support/clock.ts';
import type { Recycler } from './recycler.ts';

/** Makes the recycler; null where no setting limits the worker's life. */
export async function createRecycler(
  settings: Settings,
  log: WorkerLog,
  clock: Clock,
): Promise<Recycler | null> {
  const { maxRequests, maxLifetime, maxMemory, maxHeap } = settings;
  if (maxRequests === 0 && maxLifetime === 0 && maxMemory === null && maxHeap === null) return null;
  const { Recycler } = await import('./recycler.ts');
  return Recycler.of(settings, log, clock);
}
