import { inspectWorker } from '../../arbiter/workers/inspection.ts';
import type { Inspection, StackSeen } from '../../process/ipc/inspection.ts';
import { messageOf } from '../../support/errors.ts';
import type { Controlled, WorkerView } from '../controlled.ts';
import { type Asked, Refusal, type Route } from '../route.ts';
import { workerIn } from './workers.ts';

/** A worker whose every thread is in native code has been looked at by then. */
const STACK_PATIENCE_MS = 8000;
/** Beyond the time of a profile, for its beginning and its end. */
const PROFILE_PATIENCE_MS = 15_000;
/** A longer profile is too big to be read anywhere. */
const LONGEST_PROFILE_SECONDS = 600;

/** Where the threads of a worker are. */
export interface StackAnswer extends StackSeen {
  readonly pid: number;
  readonly slot: number | null;
}

/** What a thread of a worker spends its time on: the text of a .cpuprofile. */
export interface ProfileAnswer {
  readonly pid: number;
  readonly slot: number | null;
  readonly profile: string;
}

async function stack({ params, signal }: Asked, service: Controlled): Promise<StackAnswer> {
  const worker = workerIn(service, params.slot);
  const text = await ask(worker, { what: 'stack' }, STACK_PATIENCE_MS, signal);
  return { ...parse(text), pid: worker.pid, slot: worker.slot };
}

async function profile({ params, query, signal }: Asked, service: Controlled): Promise<ProfileAnswer> {
  const worker = workerIn(service, params.slot);
  const durationMs = secondsOf(query.get('seconds')) * 1000;
  const threadId = threadOf(query.get('thread'));
  const text = await ask(
    worker,
    { what: 'profile', durationMs, threadId },
    durationMs + PROFILE_PATIENCE_MS,
    signal,
  );
  return { pid: worker.pid, slot: worker.slot, profile: text };
}

/** Has the worker look at itself. Rejects with a Refusal. */
export async function ask(
  worker: WorkerView,
  inspection: Inspection,
  patienceMs: number,
  signal: AbortSignal,
): Promise<string> {
  try {
    return await inspectWorker(worker, inspection, { patienceMs, signal });
  } catch (error) {
    throw new Refusal(409, `worker ${worker.pid}: ${messageOf(error)}`);
  }
}

/** What else runs in the worker can write to its pipe. */
function parse(text: string): StackSeen {
  try {
    const seen: unknown = JSON.parse(text);
    if (typeof seen === 'object' && seen !== null && 'threads' in seen) return seen as StackSeen;
  } catch {
    // As below.
  }
  throw new Refusal(503, 'the worker answered something else than its stack');
}

function secondsOf(text: string | null): number {
  const seconds = Number(text ?? '10');
  if (seconds > 0 && seconds <= LONGEST_PROFILE_SECONDS) return seconds;
  throw new Refusal(400, `seconds: ${text} is no number of seconds from 0.1 to ${LONGEST_PROFILE_SECONDS}`);
}

/** The id of a thread; null is the main one. Throws a Refusal. */
export function threadOf(text: string | null): number | null {
  if (text === null) return null;
  if (/^\d+$/.test(text)) return Number(text);
  throw new Refusal(400, `thread: ${text} is no number of a thread; the stack of the worker shows them`);
}

export const inspectRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/workers/:slot/stack',
    doc: 'Where the threads of the worker are, which go on; also while its event loop is blocked.',
    handle: stack,
  },
  {
    method: 'POST',
    path: '/v1/workers/:slot/profile',
    doc: 'What the worker spends its time on, for so many `seconds` (10): `profile` is the text of a .cpuprofile. `thread` is one of its threads in place of the main one.',
    handle: profile,
  },
];
