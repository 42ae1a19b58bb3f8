import type { RecordLog } from '../log/records.ts';

/** Logs that a command of the operator is not acted on, and why. */
export function refuseCommand(log: RecordLog, command: string, reason: string): void {
  log.warning(`${command} refused, nothing was changed: ${reason}`, {
    event: 'command-refused',
    command,
    reason,
  });
}

/** Logs that a signal is not acted on, and why. */
export function refuseSignal(
  log: RecordLog,
  signal: 'HUP' | 'TTIN' | 'TTOU' | 'WINCH' | 'TERM',
  reason: string,
): void {
  log.warning(`${signal} refused, nothing was changed: ${reason}`, {
    event: 'signal-refused',
    signal: `SIG${signal}`,
    reason,
  });
}
