import type { Place } from './place.ts';

/** Exit statuses of the arbiter, as in Gunicorn: 1 usage, 3 a worker could not boot, 4 the application could not be loaded. */
export const EXIT = { ok: 0, usage: 1, workerBoot: 3, appLoad: 4 } as const;

export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];

/**
 * A mistake the operator can mend. `message` is one line: the source (`--bind`, `config.ts:12: bind`, `PORT`),
 * what was wrong and what to write instead. It is printed without a stack.
 */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

interface BootErrorDetails extends ErrorOptions {
  readonly place?: Place | undefined;
}

/**
 * The application or the worker could not start. `message` is one readable line; `userStack` is the stack of the
 * operator's own code where that code threw.
 */
export class BootError extends Error {
  override readonly name = 'BootError';
  readonly exitStatus: ExitStatus;
  readonly userStack: string | undefined;

  /** In development, where it is known already. */
  readonly place: Place | undefined;

  constructor(message: string, exitStatus: ExitStatus, userStack?: string, details: BootErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.place = details.place;
    this.exitStatus = exitStatus;
    this.userStack = userStack;
  }
}

/** The message of anything that was thrown, on one line. */
export function messageOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
  return text.replace(/\s*\n\s*/g, ' ');
}

/** The `code` of a Node system error (`EADDRINUSE`), or undefined. */
export function codeOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}

/** Whether it says that somebody gave up waiting (an AbortSignal). */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
