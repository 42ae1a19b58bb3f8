import { availableMemory, inMiB } from '../../process/available-memory.ts';
import { seconds } from '../../support/duration.ts';
import { CRASH_SIGNALS, type ProcessEnd } from '../events.ts';
import type { KillCause } from '../policy/worker-state.ts';
import type { Known, KnownMemory } from './known-state.ts';
import type { OomVerdict } from './oom-kills.ts';

/** How a worker ended, for alerts and statistics. */
export type EndCause =
  | KillCause
  /** It was told to end, and did. */
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
  /** By a signal that neither the arbiter nor the kernel sent. */
  | 'signal';

/** Why a worker ended: `reason` in words that follow its name. */
export interface EndAccount {
  readonly reason: string;
  readonly cause: EndCause;
}

/** Judges a SIGKILL that the arbiter did not send. */
export type Judge = () => OomVerdict;

export const NOTHING_KNOWN: Known = { memory: null, ending: null };

/** The part of its heap in use from which an abort counts as out of memory. */
const FULL_HEAP = 0.8;

/** Why a process ended that was not told to. */
export function describeEnd(end: ProcessEnd, judge: Judge, known: Known): EndAccount {
  switch (end.how) {
    case 'unstarted':
      return { reason: `could not be started: ${end.error}`, cause: 'spawn' };
    case 'signal':
      return describeSignal(end.signal, judge, known);
    case 'status':
      return describeStatus(end.status, known);
  }
}

function describeSignal(signal: NodeJS.Signals, judge: Judge, known: Known): EndAccount {
  if (signal === 'SIGKILL') return describeKill(judge(), known.memory);
  if (signal === 'SIGABRT') return { reason: describeAbort(known), cause: 'abort' };
  if (CRASH_SIGNALS.has(signal)) return { reason: `crashed with ${signal} (native code)`, cause: 'crash' };
  return { reason: `was ended by ${signal}, which the arbiter did not send`, cause: 'signal' };
}

function describeAbort({ memory, ending }: Known): string {
  if (ending?.call === 'process.abort()')
    return ending.place === null
      ? 'aborted by SIGABRT, which another process sent'
      : `aborted by SIGABRT: the application called process.abort() ${at(ending.place)}`;
  if (memory === null)
    return 'aborted by SIGABRT (out of the JavaScript heap, process.abort(), or a signal of another process)';
  const { heapBytes, rssBytes } = memory;
  const limit = memory.heapLimitBytes ?? defaultHeapLimit();
  const used = `${inMiB(heapBytes)} of ${inMiB(limit)} of its JavaScript heap in use ${ago(memory)}, ${inMiB(rssBytes)} of memory in all`;
  return Math.max(heapBytes, rssBytes) >= limit * FULL_HEAP
    ? `aborted by SIGABRT, out of the JavaScript heap: ${used}`
    : `aborted by SIGABRT (native code, a signal of another process, or out of the JavaScript heap: ${used})`;
}

/**
 * What Node decides where nobody sets it: for a worker as for this process, by the memory of the machine or of the control
 * group. Loaded only here: it takes 6 ms.
 */
function defaultHeapLimit(): number {
  return process.getBuiltinModule('node:v8').getHeapStatistics().heap_size_limit;
}

function describeKill(verdict: OomVerdict, memory: KnownMemory | null): EndAccount {
  switch (verdict) {
    case 'here':
      return {
        reason: `was killed by the kernel's out-of-memory killer (its control group counts the kill)${sizes(memory)}`,
        cause: 'oom',
      };
    case 'machine':
      return {
        reason: `was killed by SIGKILL, probably by the kernel's out-of-memory killer (/proc/vmstat counts a kill)${sizes(memory)}`,
        cause: 'oom',
      };
    case 'no':
      return {
        reason:
          "was killed by SIGKILL, which another process sent: neither the arbiter nor the kernel's out-of-memory killer did",
        cause: 'signal',
      };
    case null:
      return {
        reason: `was killed by SIGKILL, which the arbiter did not send (the kernel's out-of-memory killer or another process did)${sizes(memory)}`,
        cause: 'signal',
      };
  }
}

/** The memory that it used, and what all processes of the service may use. */
function sizes(memory: KnownMemory | null): string {
  const limit = `the available memory is ${inMiB(availableMemory())}`;
  return memory === null ? `; ${limit}` : `; it had ${inMiB(memory.rssBytes)} ${ago(memory)}, ${limit}`;
}

function describeStatus(status: number, { ending }: Known): EndAccount {
  if (ending?.call === 'process.exit()' && ending.place !== null)
    return {
      reason: `exited with status ${status} without being told to: the application called process.exit() ${at(ending.place)}`,
      cause: 'exit',
    };
  if (status === 0)
    return {
      reason: 'exited with status 0 without being told to (does the application call process.exit()?)',
      cause: 'exit',
    };
  if (status === 134)
    return { reason: 'aborted with status 134 (out of the JavaScript heap?)', cause: 'abort' };
  return { reason: `exited with status ${status} without being told to`, cause: 'exit' };
}

function at({ file, line, column }: { file: string; line: number; column: number | null }): string {
  return `at ${[file, line, ...(column === null ? [] : [column])].join(':')}`;
}

function ago({ ageMs }: KnownMemory): string {
  return `${seconds(ageMs)} before`;
}
