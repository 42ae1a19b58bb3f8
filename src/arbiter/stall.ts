import type { Stalled } from '../ipc.ts';
import type { Logger } from '../log/logger.ts';
import { stallLines, stallReason } from '../stall.ts';
import { nameOf } from './obituary.ts';
import type { WorkerHandle } from './worker-handle.ts';
import type { WorkerSet } from './worker-set.ts';

/**
 * Kills a worker that its watchdog reported, and logs, as one record, what it was doing. `serving` is whether the
 * service goes on, so that a worker that was ready is replaced.
 */
export function endStalled(
  workers: Pick<WorkerSet, 'kill'>,
  log: Logger,
  worker: WorkerHandle,
  stalled: Stalled,
  serving: boolean,
): void {
  if (worker.state.name === 'killed') return;
  const replaced = serving && worker.state.name === 'ready';
  // Nothing that runs in a blocked loop could answer a milder signal.
  workers.kill(worker, 'SIGKILL', stallReason(stalled));
  logStall(log, worker, stalled, replaced);
}

function logStall(log: Logger, worker: WorkerHandle, stalled: Stalled, replaced: boolean): void {
  const { pid, slot, age } = worker;
  const { blockedMs, limit, seen } = stalled;
  const setting = limit === 'timeout' ? '--timeout' : '--graceful-timeout';
  const done = replaced ? 'killed; a replacement is starting' : 'killed';
  log.critical(`${nameOf(worker)}: ${stallReason(stalled)} (${setting}); ${done}`, {
    pid,
    slot,
    age,
    blockedMs: Math.round(blockedMs),
    stack: seen.stack,
    requests: seen.requests,
    done,
    lines: stallLines(stalled),
  });
}
