// What few ask for: each of these loads what it needs only where the settings want it.

import type { Generation } from '../arbiter/generation.ts';
import { systemClock } from '../clock.ts';
import type { RecordLog } from '../log/records.ts';
import type { LoadedData } from '../settings/load.ts';

/** Throws a UsageError where `--debug` must not be. */
export async function checkDebug(loaded: LoadedData, base: NodeJS.ProcessEnv): Promise<void> {
  if (loaded.settings.debug) (await import('./development.ts')).refuseDebug(loaded, base);
}

/** Options of Node for the workers. */
export async function nodeOptionsOf(
  { settings, environment }: LoadedData,
  base: NodeJS.ProcessEnv,
  log: RecordLog,
): Promise<readonly string[]> {
  if (settings.workerHeap === null) return [];
  const { workerHeapOption } = await import('../arbiter/worker-heap.ts');
  const { megabytes, why } = workerHeapOption(settings, { ...base, ...environment });
  log.info(`Heap of each worker: ${why}`, { event: 'worker-heap', reason: why });
  return megabytes === null ? [] : [`--max-old-space-size=${megabytes}`];
}

/** What chooses the number of workers by their load. */
export async function scalingOf({ settings }: LoadedData): Promise<Pick<Generation, 'scaling'>> {
  if (settings.workersMax === null) return {};
  const { Scaling } = await import('../arbiter/scaling.ts');
  return { scaling: new Scaling(settings, systemClock) };
}
