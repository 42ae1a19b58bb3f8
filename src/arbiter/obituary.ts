import { EXIT } from '../errors.ts';
import type { WorkerView } from '../hooks.ts';
import type { BootFailure } from '../ipc.ts';
import type { LogFields, Logger } from '../log/logger.ts';
import type { WorkerEnd } from './events.ts';
import type { OomVerdict } from './oom-kills.ts';
import type { WorkerState } from './worker-state.ts';

/** The failure of a worker that was killed in `state` for `reason` ("not ready within 60 s", "silent for 30 s"). */
export function bootTimedOut(
  worker: Named,
  state: WorkerState,
  reason: string,
  readyPath: string | null,
): BootFailure {
  if (state.name === 'standby') {
    const message = `${nameOf(worker)} stood by and was ended: ${reason} (--timeout)`;
    return { exitStatus: EXIT.workerBoot, message };
  }
  if (!reason.startsWith('not ready')) {
    const message = `${nameOf(worker)} was about to accept and was ended: ${reason} (--timeout)`;
    return { exitStatus: EXIT.workerBoot, message };
  }
  const orPath = readyPath === null ? '' : `, or GET ${readyPath} (--ready-path) blocked its event loop`;
  const message = `${nameOf(worker)} was ${reason} (--boot-timeout): the application's import or factory had not finished${orPath}`;
  return { exitStatus: EXIT.workerBoot, message };
}

/** What to log beside the failure's message. */
export function stackFields({ message, stack, place }: BootFailure): LogFields {
  return {
    ...(place === undefined ? {} : { place, lines: place.lines }),
    ...(stack === undefined ? {} : { err: Object.assign(new Error(message), { stack }) }),
  };
}

/** How log lines name a worker. */
export function nameOf({ pid, slot, age }: Named): string {
  return `Worker (pid: ${pid}, slot ${slot}, age ${age})`;
}

/** What is asked of a SIGKILL that was not the arbiter's. */
type Judge = () => OomVerdict;

/** Logs the end of a worker that was in `state`; returns its cause. */
export function logEnd(log: Logger, worker: Named, end: WorkerEnd, state: WorkerState, judge: Judge): string {
  const { level, cause } = explainEnd(end, state, judge);
  log[level](
    level === 'info' ? `Worker exiting (pid: ${worker.pid}): ${cause}` : `${nameOf(worker)} ${cause}`,
  );
  return cause;
}

type Named = Pick<WorkerView, 'pid' | 'slot' | 'age'>;

export interface Obituary {
  readonly level: 'debug' | 'info' | 'warning' | 'error';
  /** The cause, to stand behind the worker's name. */
  readonly cause: string;
}

/** Why a worker that was last in `state` ended: how, whether it was ours, and what to look at. */
export function explainEnd(end: WorkerEnd, state: WorkerState, judge: Judge): Obituary {
  switch (state.name) {
    case 'retiring':
    case 'cancelled':
      return {
        level: end.how === 'signal' ? 'warning' : 'info',
        cause: `${state.reason}${unclean(end, judge)}`,
      };
    case 'failed':
      // Its message said more than the status does.
      return { level: 'debug', cause: `could not boot${unclean(end, judge)}` };
    case 'killed':
      return { level: 'warning', cause: `killed by the arbiter: ${state.reason}` };
    case 'spawning':
    case 'booting':
    case 'opening':
      // What follows from it is logged with this cause.
      return {
        level: 'debug',
        cause: end.how === 'unborn' ? describe(end, judge) : `${describe(end, judge)} before it was ready`,
      };
    case 'standby':
      return { level: 'debug', cause: `${describe(end, judge)} while it stood by` };
    default:
      return { level: 'error', cause: describe(end, judge) };
  }
}

function unclean(end: WorkerEnd, judge: Judge): string {
  if (end.how === 'status') return end.status === 0 ? '' : `, exited with status ${end.status}`;
  return `, ${describe(end, judge)}`;
}

function describe(end: WorkerEnd, judge: Judge): string {
  switch (end.how) {
    case 'unborn':
      return `could not be started: ${end.error}`;
    case 'signal':
      return describeSignal(end.signal, judge);
    case 'status':
      return describeStatus(end.status);
  }
}

function describeSignal(signal: NodeJS.Signals, judge: Judge): string {
  if (signal === 'SIGKILL') return describeKill(judge());
  if (signal === 'SIGABRT')
    return "aborted by SIGABRT (out of the JavaScript heap, process.abort(), or somebody's signal)";
  if (signal === 'SIGSEGV' || signal === 'SIGBUS' || signal === 'SIGILL')
    return `crashed with ${signal} (native code)`;
  return `was ended by ${signal}, which was not the arbiter's`;
}

function describeKill(verdict: OomVerdict): string {
  switch (verdict) {
    case 'here':
      return "was killed by the kernel's out-of-memory killer (its control group counts the kill)";
    case 'machine':
      return "was killed by SIGKILL, probably the kernel's out-of-memory killer's (/proc/vmstat counts a kill)";
    case 'no':
      return "was killed by SIGKILL, which was not the arbiter's, nor the out-of-memory killer's: somebody sent it";
    case null:
      return "was killed by SIGKILL, which was not the arbiter's (the kernel's out-of-memory killer, or somebody)";
  }
}

function describeStatus(status: number): string {
  if (status === 0) return 'exited with status 0 unasked (does the application call process.exit()?)';
  if (status === 134) return 'aborted with status 134 (out of the JavaScript heap?)';
  return `exited with status ${status} unasked`;
}
