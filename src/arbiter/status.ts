import type { ServiceStatus } from '../process/status.ts';
import { type Generation, limitsOf } from './change/generation.ts';
import type { Reload } from './change/reload.ts';
import type { Intent } from './change/shutdown.ts';
import type { WorkerSnapshot } from './policy/worker-state.ts';

/** How the service does that is about `intent`, and wants so many workers. */
export function statusOf(
  intent: Intent,
  { underWay, failure }: Pick<Reload, 'underWay' | 'failure'>,
  current: Generation,
  wanted: number,
  workers: readonly WorkerSnapshot[],
): ServiceStatus {
  const { bootMs, graceMs } = limitsOf(current);
  const ready = workers.filter(({ state }) => state.name === 'ready').length;
  const delayMs = intent.name === 'lingering' ? current.loaded.settings.drainDelay * 1000 : 0;
  return {
    phase: phaseOf(intent),
    reload: underWay,
    reloadFailure: failure,
    generation: current.number,
    workers: { wanted, ready, all: workers.length },
    bootMs,
    graceMs: delayMs + graceMs,
  };
}

/** One that lingers stops: whoever waits for its end is to know how long that may take. */
function phaseOf({ name }: Intent): ServiceStatus['phase'] {
  if (name === 'resting') return 'serving';
  return name === 'lingering' ? 'stopping' : name;
}
