import type { ArbiterRole, ServiceStatus, WorkerStatus } from '../process/status.ts';
import { type Generation, limitsOf } from './change/generation.ts';
import type { Reload } from './change/reload.ts';
import type { Intent } from './change/shutdown.ts';
import type { WorkerSnapshot } from './policy/worker-state.ts';

/** What the status is made of. */
interface StatusSource {
  readonly intent: Intent;
  readonly reload: Pick<Reload, 'underWay' | 'failure'>;
  readonly current: Generation;
  readonly role: ArbiterRole;
  readonly wanted: number;
  readonly workers: readonly (WorkerSnapshot & { readonly pid: number })[];
  readonly companions: ServiceStatus['companions'];
}

/** The current status, for observers. */
export function statusOf(source: StatusSource): ServiceStatus {
  const { intent, reload, current, role, wanted, workers, companions } = source;
  const { bootMs, graceMs } = limitsOf(current);
  const serving = workers.filter(({ state }) => state.name === 'ready');
  const ready = serving.length;
  const delayMs = intent.name === 'lingering' ? current.loaded.settings.drainDelay * 1000 : 0;
  return {
    phase: phaseOf(intent),
    reload: reload.underWay,
    reloadFailure: reload.failure,
    generation: current.number,
    role,
    workers: {
      wanted,
      ready,
      current: serving.filter(({ generation }) => generation === current.number).length,
      all: workers.length,
    },
    processes: workers.map(workerOf),
    companions,
    ...(current.tls ? { certificates: current.tls.facts } : {}),
    bootMs,
    graceMs: delayMs + graceMs,
  };
}

function workerOf({ pid, slot, age, generation, state }: StatusSource['workers'][number]): WorkerStatus {
  return { pid, slot, age, generation, state: state.name };
}

/** A service that lingers for a time counts as stopping: a service manager has to know how long the stop may take. */
function phaseOf(intent: Intent): ServiceStatus['phase'] {
  const { name } = intent;
  if (name === 'lingering') return intent.untilMs === Infinity ? 'draining' : 'stopping';
  return name === 'resting' ? 'serving' : name;
}
