// What few ask for: each of these loads what it needs only where the settings want it.

import type { Generation } from '../arbiter/change/generation.ts';
import type { RecordLog } from '../log/records.ts';
import type { LoadedData } from '../settings/load.ts';
import { systemClock } from '../support/clock.ts';

/** Throws a UsageError where `--debug` must not be. */
export async function checkDebug(loaded: LoadedData, base: NodeJS.ProcessEnv): Promise<void> {
  if (loaded.settings.debug) (await import('./development.ts')).refuseDebug(loaded, base);
}

/**
 * Node's own options for the processes that load the application: ours, those of NODE_OPTIONS, and the limit of the heap.
 * `from` is the directory in which the command was given; `say` gets a line about the heap.
 */
export async function nodeOptionsOf(
  loaded: LoadedData,
  base: NodeJS.ProcessEnv,
  from: string,
  say: (line: string, why: string) => void,
): Promise<Pick<Generation, 'nodeOptions'>> {
  const heap = await heapOption(loaded, base, say);
  const { execArgv } = process;
  const env = { ...base, ...loaded.environment };
  if (execArgv.length === 0 && !env.NODE_OPTIONS)
    return heap.length === 0 ? {} : { nodeOptions: () => ({ execArgv: heap, environment: {} }) };
  const { optionsFor } = await import('../process/node-options.ts');
  const given = optionsFor({ execArgv, env, from, to: loaded.settings.chdir });
  const nodeOptions = (slot: number) => {
    const options = given(slot);
    return { ...options, execArgv: [...options.execArgv, ...heap] };
  };
  return { nodeOptions };
}

/** The line about the heap as a record of the log. */
export function sayHeap(log: RecordLog): (line: string, why: string) => void {
  return (line, reason) => log.info(line, { event: 'worker-heap', reason });
}

async function heapOption(
  { settings, environment }: LoadedData,
  base: NodeJS.ProcessEnv,
  say: (line: string, why: string) => void,
): Promise<readonly string[]> {
  if (settings.workerHeap === null) return [];
  const { workerHeapOption } = await import('../arbiter/workers/heap.ts');
  const { megabytes, why } = workerHeapOption(settings, { ...base, ...environment });
  say(`Heap of each worker: ${why}`, why);
  return megabytes === null ? [] : [`--max-old-space-size=${megabytes}`];
}

/** What chooses the number of workers by their load. */
export async function scalingOf({ settings }: LoadedData): Promise<Pick<Generation, 'scaling'>> {
  if (settings.workersMax === null) return {};
  const { Scaling } = await import('../arbiter/scaling.ts');
  return { scaling: new Scaling(settings, systemClock) };
}
