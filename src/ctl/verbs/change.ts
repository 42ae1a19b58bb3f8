import { isAbort } from '../../support/errors.ts';
import type { Client } from '../client.ts';
import { Failure, STATUS, type Status } from '../failure.ts';
import type { Call, Exit, Flag } from '../verb.ts';

/** The flags of a command that can wait for what it begins. */
export const WAIT_FLAGS: readonly Flag[] = [
  {
    name: '--wait',
    short: '-w',
    doc: 'wait until it is done; progress and the reason of a failure are on the standard error',
  },
  {
    name: '--timeout',
    short: '-t',
    value: 'seconds',
    doc: 'with `--wait`: how long at most; 300 by default',
  },
];

export const TIMED_OUT: Exit = {
  status: STATUS.timedOut,
  doc: 'with `--wait`: not done in time; it goes on',
};

/** The answer to a command. */
export interface Changed {
  readonly outcome: string;
  readonly reason?: string | null;
  readonly [key: string]: unknown;
}

const STATUSES: Readonly<Record<string, Status>> = {
  refused: STATUS.refused,
  superseded: STATUS.refused,
  ended: STATUS.refused,
  undone: STATUS.undone,
  timeout: STATUS.timedOut,
};

const DEFAULT_SECONDS = 300;
/** Beyond the time that the service keeps itself, where it does not answer any more. */
const SLACK_SECONDS = 10;

/** The parameters that the flags of a command ask for, with `more` of its own. */
export function queryOf({ flags }: Call, more: Readonly<Record<string, string>> = {}): string {
  const query = new URLSearchParams(more);
  const timeout = flags.get('--timeout');
  if (flags.has('--wait')) query.set('wait', '');
  if (typeof timeout === 'string') query.set('timeout', timeout);
  return query.size === 0 ? '' : `?${query}`;
}

/** Sends a command, shows its progress, and tells how it came out: `said` in words. Resolves with the exit status. */
export async function change(
  call: Call,
  client: Client,
  path: string,
  said: (answer: Changed) => string,
  mostSeconds = patienceOf(call),
): Promise<number> {
  const answer = await changed(call, client, path, mostSeconds);
  report(call, answer, said);
  return STATUSES[answer.outcome] ?? STATUS.done;
}

/** The same, telling nothing but the progress. Resolves with the answer. */
export async function changed(
  call: Call,
  client: Client,
  path: string,
  mostSeconds = patienceOf(call),
): Promise<Changed> {
  const { out, signal } = call;
  const heard = ({ progress }: Readonly<Record<string, unknown>>) => {
    if (typeof progress === 'string') out.note(progress);
  };
  const limit = AbortSignal.timeout(Math.min(2 ** 31 - 1, mostSeconds * 1000 || 1));
  try {
    return await client.post<Changed>(path, { heard, signal: AbortSignal.any([signal, limit]) });
  } catch (error) {
    if (!limit.aborted || signal.aborted || !isAbort(error)) throw error;
    return { outcome: 'timeout', reason: 'the arbiter does not answer' };
  }
}

/** How long the service may take, in seconds: as long as it was told to, and a moment. */
function patienceOf({ flags }: Call): number {
  return Number(flags.get('--timeout') ?? DEFAULT_SECONDS) + SLACK_SECONDS;
}

function report({ out, json }: Call, answer: Changed, said: (answer: Changed) => string): void {
  if (json) out.line(JSON.stringify(answer));
  const { outcome, reason } = answer;
  const failed = STATUSES[outcome] !== undefined;
  if (failed) out.note(`${WORDS[outcome] ?? outcome}${reason ? `: ${reason}` : ''}`);
  else if (!json) {
    out.line(said(answer));
    if (reason) out.note(reason);
  }
}

const WORDS: Readonly<Record<string, string>> = {
  refused: 'refused, nothing was changed',
  superseded: 'superseded',
  undone: 'undone, what served before keeps serving',
  timeout: 'timed out; it goes on',
};

/** Resolves once the process is gone. Rejects with a Failure where that takes longer than the flags allow. */
export async function untilGone(pid: number, { flags, signal }: Call): Promise<void> {
  const deadlineMs = performance.now() + Number(flags.get('--timeout') ?? DEFAULT_SECONDS) * 1000;
  while (isAlive(pid)) {
    signal.throwIfAborted();
    if (performance.now() > deadlineMs) throw new Failure(STATUS.timedOut, 'timed out; it goes on');
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

const POLL_MS = 50;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // It is not our child, so nothing is left of it once it has ended.
    return false;
  }
}
