import type { RecordLog } from '../../log/records.ts';
import type { Asked } from './reload.ts';
import { type Intent, unchangedBecause } from './shutdown.ts';

/** Of where the service can be reached. */
export function sayListening(log: RecordLog, addresses: readonly string[]): void {
  log.info(`Listening at: ${addresses.join(', ')} (${process.pid})`, { event: 'listening', addresses });
}

/** Of a signal that changes nothing, as the arbiter is about something else. */
export function sayRefused(log: RecordLog, signal: 'HUP' | 'TTIN' | 'TTOU' | 'WINCH', intent: Intent): void {
  const reason = unchangedBecause(intent);
  log.warning(`${signal} refused, nothing was changed: ${reason}`, {
    event: 'signal-refused',
    signal: `SIG${signal}`,
    reason,
  });
}

const ASKED: Readonly<Record<Exclude<Asked, 'begins'>, string>> = {
  supersedes: 'The reload under way is dropped for this one, as it was still reading',
  follows: 'Another reload follows the one under way',
  'follows already': 'Another reload follows the one under way already, and will do for this one too',
};

/**
 * Of a reload that was asked for while that of `generation` was under way; `proving` is the pid of the worker that it
 * waits for.
 */
export function sayAsked(
  log: RecordLog,
  asked: Asked,
  { generation, proving }: { readonly generation: number | null; readonly proving: number | undefined },
): void {
  if (asked === 'begins') return;
  if (asked === 'supersedes')
    return log.info(ASKED[asked], { event: 'reload-superseded', generation, reason: 'another reload' });
  const end = proving === undefined ? '' : `; to undo that, end its worker (pid: ${proving})`;
  log.info(`${ASKED[asked]}${end}`, { event: 'reload-queued', generation });
}
