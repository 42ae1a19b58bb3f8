import type { CompanionField } from '../../log/records/record.ts';
import type { RecordLog } from '../../log/records.ts';
import type { ProcessEnd } from '../../process/process-end.ts';
import { statusFields } from '../workers/obituary.ts';

export interface Exit {
  readonly level: 'error' | 'warning' | 'info';
  readonly line: string;
  readonly pid: number;
  readonly companion: CompanionField;
  readonly reason: string;
  readonly cause: string;
  readonly livedMs: number;
  /** Null where none is started in its place. */
  readonly retryMs: number | null;
  readonly end: ProcessEnd;
}

/** Logs that a companion's process has ended. */
export function logExit(
  log: RecordLog,
  { level, line, pid, companion, reason, cause, livedMs, retryMs, end }: Exit,
): void {
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
