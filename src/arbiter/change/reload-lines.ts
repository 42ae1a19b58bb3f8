import { withCode } from '../../explain/code.ts';
import type { RecordLog } from '../../log/records.ts';
import type { WorkerHandle } from '../workers/handle.ts';
import type { Generation, Refusal } from './generation.ts';
import type { Asked } from './reload.ts';

const ASKED: Readonly<Record<Exclude<Asked, 'begins'>, string>> = {
  supersedes: 'This reload replaces the current one, which was still reading the configuration',
  follows: 'Another reload will follow the current one',
  'follows already': 'Another reload will already follow the current one; it covers this request too',
};

/** How a line begins that says why a reload has failed. */
export const UNDONE = 'Reload undone, the old workers keep serving';

/** Another reload was asked for while that of `generation` is under way; `canary` is its first worker, if it has one. */
export function sayAsked(
  log: RecordLog,
  asked: Exclude<Asked, 'begins'>,
  generation: number | null,
  canary: WorkerHandle | undefined,
): void {
  if (asked === 'supersedes')
    return log.info(ASKED[asked], { event: 'reload-superseded', generation, reason: 'another reload' });
  const cure =
    canary === undefined ? '' : `; to cancel the current one, kill its worker (pid: ${canary.pid})`;
  log.info(`${ASKED[asked]}${cure}`, { event: 'reload-queued', generation });
}

export function sayRefused(log: RecordLog, generation: number, refusal: Refusal): void {
  log.error(`Reload refused, nothing was changed: ${withCode(refusal.reason, refusal.code)}`, {
    event: 'reload-refused',
    generation,
    ...refusal,
  });
}

export function sayCancelled(log: RecordLog, generation: number | null, reason: string): void {
  log.info(`The current reload is cancelled: ${reason}`, { event: 'reload-superseded', generation, reason });
}

/** The first worker of the candidate, which has loaded the file `app`, is ready. */
export function sayPromoted(log: RecordLog, { number, failure }: Generation, app: string | undefined): void {
  const what = failure ? 'shows the error' : 'is ready';
  const from = app === undefined ? '' : `, from ${app}`;
  log.info(`Generation ${number} ${what}${from}: replacing the workers of the previous one`, {
    event: 'reload-promoted',
    generation: number,
    ...(app === undefined ? {} : { file: app }),
  });
}
