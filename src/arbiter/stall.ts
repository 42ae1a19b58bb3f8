import type { Stalled } from '../ipc.ts';
import type { Logger } from '../log/logger.ts';
import { stallLines, stallReason } from '../stall.ts';
import { type Named, nameOf } from './obituary.ts';

/** Logs, as one record, what a blocked worker was doing and what was done about it. */
export function logStall(log: Logger, worker: Named, stalled: Stalled, replaced: boolean): void {
  const { pid, slot, age } = worker;
  const { blockedMs, seen } = stalled;
  const done = replaced ? 'killed; a replacement is starting' : 'killed';
  log.critical(`${nameOf(worker)}: ${stallReason(stalled)} (--timeout); ${done}`, {
    pid,
    slot,
    age,
    blockedMs: Math.round(blockedMs),
    stack: seen?.stack ?? null,
    requests: seen?.requests ?? null,
    done,
    lines: stallLines(stalled),
  });
}
