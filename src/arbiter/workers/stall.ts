import { aboutWorker } from '../../log/about-worker.ts';
import type { RecordLog } from '../../log/records.ts';
import type { Stalled } from '../../process/ipc/blocks.ts';
import { stallLines, stallReason } from '../../process/stall.ts';
import type { WorkerState } from '../policy/worker-state.ts';
import type { WorkerHandle } from './handle.ts';
import { nameOf } from './obituary.ts';
import type { WorkerSet } from './set.ts';

/**
 * Kills a worker that its watchdog reported, and logs, as one record, what it was doing. `serving` is whether the
 * service goes on, so that a worker that was ready is replaced.
 */
export function endStalled(
  workers: Pick<WorkerSet, 'kill'>,
  log: RecordLog,
  worker: WorkerHandle,
  stalled: Stalled,
  serving: boolean,
): void {
  if (worker.state.name === 'killed') return;
  const { name } = worker.state;
  // Otherwise the watchdog is asked once more: what it has left to the arbiter it does not answer for.
  if (stalled.accessComplete) worker.requests.accounted(true);
  // Nothing that runs in a blocked loop could answer a milder signal.
  workers.kill(worker, 'SIGKILL', stallReason(stalled), 'stall');
  logStall(log, worker, stalled, { level: levelOf(name), replaced: serving && name === 'ready' });
}

/** A worker that served is missing now; one that retired had requests left; one that was never ready had none. */
function levelOf(state: WorkerState['name']): 'critical' | 'error' | 'warning' {
  if (state === 'ready') return 'critical';
  return state === 'retiring' ? 'error' : 'warning';
}

function logStall(
  log: RecordLog,
  worker: WorkerHandle,
  stalled: Stalled,
  { level, replaced }: { readonly level: ReturnType<typeof levelOf>; readonly replaced: boolean },
): void {
  const { blockedMs, limit, seen } = stalled;
  const setting = limit === 'timeout' ? '--timeout' : '--graceful-timeout';
  const done = replaced ? 'killed; a replacement is starting' : 'killed';
  const reason = stallReason(stalled);
  const line = `${nameOf(worker)}: ${reason} (${setting}); ${done}`;
  const fields = {
    event: 'worker-stalled',
    ...aboutWorker(worker),
    reason,
    setting,
    durationMs: Math.round(blockedMs),
    stack: seen.stack,
    requests: seen.requests,
    lines: stallLines(stalled),
  } as const;
  if (level === 'critical') log.critical(line, fields);
  else if (level === 'error') log.error(line, fields);
  else log.warning(line, fields);
}
