import type { RecordLog } from '../../log/records.ts';
import type { ProcessEnd } from '../../process/process-end.ts';
import { seconds } from '../../support/duration.ts';
import { statusFields } from '../workers/obituary.ts';
import type { CompanionProcess } from './process.ts';

export interface Exit {
  readonly level: 'error' | 'warning' | 'info';
  /** In words that follow its name. */
  readonly reason: string;
  readonly cause: string;
  readonly livedMs: number;
  /** Null where none is started in its place. */
  readonly retryMs: number | null;
  readonly end: ProcessEnd;
}

/** Logs that a companion's process has ended; `more` is the end of the line. */
export function logExit(log: RecordLog, process: CompanionProcess, exit: Exit, more: string): void {
  const { level, reason, cause, livedMs, retryMs, end } = exit;
  const { pid, companion, label } = process;
  const line = `Companion ${label}${pidOf(process)} ${reason}${more}`;
  const fields = {
    event: 'companion-exited',
    ...(pid === 0 ? {} : { pid }),
    companion,
    reason,
    cause,
    durationMs: Math.round(livedMs),
    ...(retryMs === null ? {} : { retryMs: Math.round(retryMs) }),
    ...statusFields(end),
  } as const;
  // Each level by itself: what all of them take together is too much for the compiler.
  if (level === 'info') log.info(line, fields);
  else if (level === 'warning') log.warning(line, fields);
  else log.error(line, fields);
}

/** Names the pid of a process, where it has one. */
export function pidOf({ pid }: CompanionProcess): string {
  return pid === 0 ? '' : ` (pid: ${pid})`;
}

/** How long a process has lived, where it has. */
export function after({ pid }: CompanionProcess, livedMs: number): string {
  return pid === 0 ? '' : ` after ${seconds(livedMs)}`;
}
