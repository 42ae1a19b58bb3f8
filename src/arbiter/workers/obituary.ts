import { aboutWorker } from '../../log/about-worker.ts';
import type { RecordLog } from '../../log/records.ts';
import { waitingLines } from '../../process/stall.ts';
import type { WorkerView } from '../../settings/hooks.ts';
import type { ProcessEnd } from '../events.ts';
import { killCauseOf, type WorkerState } from '../policy/worker-state.ts';
import { describeEnd, type EndAccount, type EndCause, type Judge, NOTHING_KNOWN } from './describe-end.ts';
import type { Known } from './known-state.ts';
import type { RequestAccount } from './lost-requests.ts';

/** How log lines name a worker. */
export function nameOf(worker: Named): string {
  return `Worker (${detailsOf(worker)})`;
}

/** The same without the word. A worker that stands by has no slot. */
export function detailsOf({ pid, slot, age }: Named): string {
  return `pid: ${pid}, ${slot === null ? 'spare' : `slot ${slot}`}, age ${age}`;
}

/** Logs the end of a worker that was in `state`, with what is known of its requests. */
export function logEnd(
  log: RecordLog,
  worker: Described,
  end: ProcessEnd,
  state: WorkerState,
  judge: Judge,
  account: RequestAccount = {},
  known: Known = NOTHING_KNOWN,
): Obituary {
  const obituary = explainEnd(end, state, judge, known);
  const { level, reason, cause } = obituary;
  const line =
    level === 'info' ? `Worker exiting (pid: ${worker.pid}): ${reason}` : `${nameOf(worker)} ${reason}`;
  const fields = {
    event: 'worker-exited',
    ...aboutWorker(worker),
    reason,
    cause,
    ...statusFields(end),
    ...account,
    ...knownFields(known),
  } as const;
  // Each level by itself: what all of them take together is too much for the compiler.
  if (level === 'debug') log.debug(line, fields);
  else if (level === 'info') log.info(line, fields);
  else if (level === 'warning') log.warning(line, fields);
  else log.error(line, fields);
  return obituary;
}

/** Logs that a worker, in `state` until now, is killed for `reason`. The level depends on what it was doing. */
export function logOverdue(
  log: RecordLog,
  worker: Described,
  state: WorkerState,
  { signal, reason }: { readonly signal: NodeJS.Signals; readonly reason: string },
): void {
  const cause = killCauseOf(state);
  // A worker that served is missing now; one that retired may have had requests left; the others had none.
  const level = state.name === 'ready' ? 'critical' : state.name === 'retiring' ? 'warning' : 'info';
  const line = `${nameOf(worker)}: ${reason}; ending it with ${signal}`;
  const fields = { event: 'worker-overdue', ...aboutWorker(worker), reason, cause, signal } as const;
  if (level === 'critical') log.critical(line, fields);
  else if (level === 'warning') log.warning(line, fields);
  else log.info(line, fields);
}

export type Named = Pick<WorkerView, 'pid' | 'slot' | 'age'>;
export type Described = Named & Pick<WorkerView, 'generation'>;

export interface Obituary {
  readonly level: 'debug' | 'info' | 'warning' | 'error';
  /** In words that follow the worker's name. */
  readonly reason: string;
  readonly cause: EndCause;
}

/** What libraries that listen for it send their own process when they are done (signal-exit). */
const PASSED_ON: ReadonlySet<string> = new Set(['SIGTERM', 'SIGINT']);

/** Why a worker that was last in `state` ended: how, whether the arbiter did it, and what to look at. */
export function explainEnd(
  end: ProcessEnd,
  state: WorkerState,
  judge: Judge,
  known: Known = NOTHING_KNOWN,
): Obituary {
  switch (state.name) {
    case 'retiring': {
      const own = state.by === 'itself' ? 'uncaught' : 'retired';
      // A listener of the application's, which runs last, may pass the signal on to its process.
      if (end.how === 'signal' && PASSED_ON.has(end.signal))
        return { level: 'info', reason: `${state.reason}, ended itself by ${end.signal}`, cause: own };
      const level = end.how === 'signal' ? 'warning' : 'info';
      return { level, ...expected(end, state.reason, own, judge, known) };
    }
    case 'cancelled':
      // A process that never started, and is not wanted any more, needs no attention.
      return {
        level: end.how === 'unstarted' ? 'debug' : 'info',
        ...expected(end, state.reason, 'retired', judge, known),
      };
    case 'failed':
      // The message that it sent says more than its status.
      return { level: 'debug', ...expected(end, 'could not boot', 'boot', judge, known) };
    case 'killed': {
      const { cause, reason } = state;
      const wasMissed = cause !== 'unwanted' && cause !== 'boot';
      return { level: wasMissed ? 'warning' : 'info', reason: `killed by the arbiter: ${reason}`, cause };
    }
    case 'spawning':
    case 'booting':
    case 'opening': {
      // The boot failure that follows is logged with this reason.
      const { reason, cause } = describeEnd(end, judge, known);
      return {
        level: 'debug',
        reason: end.how === 'unstarted' ? reason : `${reason} before it was ready`,
        cause,
      };
    }
    case 'standby': {
      const { reason, cause } = describeEnd(end, judge, known);
      return { level: 'debug', reason: `${reason} while it stood by`, cause };
    }
    default:
      return { level: 'error', ...describeEnd(end, judge, known) };
  }
}

/** The end of a worker that was told to end for `reason`; how it ended is added where that was not with status 0. */
function expected(end: ProcessEnd, reason: string, own: EndCause, judge: Judge, known: Known): EndAccount {
  if (end.how !== 'status') {
    const how = describeEnd(end, judge, known);
    return { reason: `${reason}, ${how.reason}`, cause: how.cause };
  }
  return { reason: end.status === 0 ? reason : `${reason}, exited with status ${end.status}`, cause: own };
}

function knownFields({ memory, ending }: Known) {
  if (ending === null) return memory === null ? {} : { memory };
  const { place, requests, waiting } = ending;
  return {
    ...(memory === null ? {} : { memory }),
    ...(place === null ? {} : { place }),
    ...(waiting === 0 ? {} : { requests, lines: waitingLines(requests, waiting) }),
  };
}

/** The fields of a record about the end of a process. */
export function statusFields(end: ProcessEnd): { readonly exitStatus?: number; readonly signal?: string } {
  if (end.how === 'status') return { exitStatus: end.status };
  return end.how === 'signal' ? { signal: end.signal } : {};
}
