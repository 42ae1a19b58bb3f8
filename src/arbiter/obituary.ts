import type { WorkerView } from '../hooks.ts';
import { aboutWorker } from '../log/about-worker.ts';
import type { RecordLog } from '../log/records.ts';
import { CRASH_SIGNALS, type WorkerEnd } from './events.ts';
import type { RequestAccount } from './lost-requests.ts';
import type { OomVerdict } from './oom-kills.ts';
import { type KillCause, killCauseOf, type WorkerState } from './worker-state.ts';

/** How log lines name a worker. */
export function nameOf({ pid, slot, age }: Named): string {
  return `Worker (pid: ${pid}, slot ${slot}, age ${age})`;
}

/** What is asked of a SIGKILL that was not the arbiter's. */
type Judge = () => OomVerdict;

/** Logs the end of a worker that was in `state`, with what is known of its requests. */
export function logEnd(
  log: RecordLog,
  worker: Described,
  end: WorkerEnd,
  state: WorkerState,
  judge: Judge,
  account: RequestAccount = {},
): Obituary {
  const obituary = explainEnd(end, state, judge);
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
  } as const;
  // Each level by itself: what all of them take together is too much for the compiler.
  if (level === 'debug') log.debug(line, fields);
  else if (level === 'info') log.info(line, fields);
  else if (level === 'warning') log.warning(line, fields);
  else log.error(line, fields);
  return obituary;
}

/** Logs that a worker, in `state` until now, is killed for `reason`: how much that matters depends on what it was about. */
export function logOverdue(
  log: RecordLog,
  worker: Described,
  state: WorkerState,
  { signal, reason }: { readonly signal: NodeJS.Signals; readonly reason: string },
): void {
  const cause = killCauseOf(state);
  // Only one that served is missed. One that goes may have owed somebody an answer; the others owed nothing.
  const level = state.name === 'ready' ? 'critical' : state.name === 'retiring' ? 'warning' : 'info';
  log[level](`${nameOf(worker)}: ${reason}; ending it with ${signal}`, {
    event: 'worker-overdue',
    ...aboutWorker(worker),
    reason,
    cause,
    signal,
  });
}

export type Named = Pick<WorkerView, 'pid' | 'slot' | 'age'>;
export type Described = Named & Pick<WorkerView, 'generation'>;

/** How a worker ended, in a word: what alerts and statistics tell apart. */
export type EndCause =
  | KillCause
  /** It was told to go, and went. */
  | 'retired'
  /** An exception or rejection that nobody caught. */
  | 'uncaught'
  /** No process could be started. */
  | 'spawn'
  /** It exited by itself. */
  | 'exit'
  /** By SIGABRT: V8 out of memory, or process.abort(). */
  | 'abort'
  /** By a signal that native code raises. */
  | 'crash'
  /** By the kernel's out-of-memory killer. */
  | 'oom'
  /** By a signal of somebody's. */
  | 'signal';

export interface Obituary {
  readonly level: 'debug' | 'info' | 'warning' | 'error';
  /** In words that stand behind the worker's name. */
  readonly reason: string;
  readonly cause: EndCause;
}

/** Why a worker that was last in `state` ended: how, whether it was ours, and what to look at. */
export function explainEnd(end: WorkerEnd, state: WorkerState, judge: Judge): Obituary {
  switch (state.name) {
    case 'retiring': {
      const own = state.by === 'itself' ? 'uncaught' : 'retired';
      const level = end.how === 'signal' ? 'warning' : 'info';
      return { level, ...expected(end, state.reason, own, judge) };
    }
    case 'cancelled':
      // Nobody misses a process that never was.
      return {
        level: end.how === 'unborn' ? 'debug' : 'info',
        ...expected(end, state.reason, 'retired', judge),
      };
    case 'failed':
      // Its message said more than the status does.
      return { level: 'debug', ...expected(end, 'could not boot', 'boot', judge) };
    case 'killed': {
      const { cause, reason } = state;
      const wasMissed = cause !== 'unwanted' && cause !== 'boot';
      return { level: wasMissed ? 'warning' : 'info', reason: `killed by the arbiter: ${reason}`, cause };
    }
    case 'spawning':
    case 'booting':
    case 'opening': {
      // What follows from it is logged with this reason.
      const { reason, cause } = describe(end, judge);
      return {
        level: 'debug',
        reason: end.how === 'unborn' ? reason : `${reason} before it was ready`,
        cause,
      };
    }
    case 'standby': {
      const { reason, cause } = describe(end, judge);
      return { level: 'debug', reason: `${reason} while it stood by`, cause };
    }
    default:
      return { level: 'error', ...describe(end, judge) };
  }
}

type Account = Pick<Obituary, 'reason' | 'cause'>;

/** Of a worker that was about to end, for `reason`: how it ended is added where that was not with status 0. */
function expected(end: WorkerEnd, reason: string, own: EndCause, judge: Judge): Account {
  if (end.how !== 'status') {
    const how = describe(end, judge);
    return { reason: `${reason}, ${how.reason}`, cause: how.cause };
  }
  return { reason: end.status === 0 ? reason : `${reason}, exited with status ${end.status}`, cause: own };
}

function describe(end: WorkerEnd, judge: Judge): Account {
  switch (end.how) {
    case 'unborn':
      return { reason: `could not be started: ${end.error}`, cause: 'spawn' };
    case 'signal':
      return describeSignal(end.signal, judge);
    case 'status':
      return describeStatus(end.status);
  }
}

function describeSignal(signal: NodeJS.Signals, judge: Judge): Account {
  if (signal === 'SIGKILL') return describeKill(judge());
  if (signal === 'SIGABRT')
    return {
      reason: "aborted by SIGABRT (out of the JavaScript heap, process.abort(), or somebody's signal)",
      cause: 'abort',
    };
  if (CRASH_SIGNALS.has(signal)) return { reason: `crashed with ${signal} (native code)`, cause: 'crash' };
  return { reason: `was ended by ${signal}, which was not the arbiter's`, cause: 'signal' };
}

function describeKill(verdict: OomVerdict): Account {
  switch (verdict) {
    case 'here':
      return {
        reason: "was killed by the kernel's out-of-memory killer (its control group counts the kill)",
        cause: 'oom',
      };
    case 'machine':
      return {
        reason:
          "was killed by SIGKILL, probably the kernel's out-of-memory killer's (/proc/vmstat counts a kill)",
        cause: 'oom',
      };
    case 'no':
      return {
        reason:
          "was killed by SIGKILL, which was not the arbiter's, nor the out-of-memory killer's: somebody sent it",
        cause: 'signal',
      };
    case null:
      return {
        reason:
          "was killed by SIGKILL, which was not the arbiter's (the kernel's out-of-memory killer, or somebody)",
        cause: 'signal',
      };
  }
}

function describeStatus(status: number): Account {
  if (status === 0)
    return {
      reason: 'exited with status 0 unasked (does the application call process.exit()?)',
      cause: 'exit',
    };
  if (status === 134)
    return { reason: 'aborted with status 134 (out of the JavaScript heap?)', cause: 'abort' };
  return { reason: `exited with status ${status} unasked`, cause: 'exit' };
}

/** The fields of a record about the end of a process. */
export function statusFields(end: WorkerEnd): { readonly exitStatus?: number; readonly signal?: string } {
  if (end.how === 'status') return { exitStatus: end.status };
  return end.how === 'signal' ? { signal: end.signal } : {};
}
