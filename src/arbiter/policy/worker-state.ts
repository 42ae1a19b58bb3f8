import type { Instigator } from '../../process/ipc/messages.ts';
import type { RetirePurpose } from '../../process/ipc/retirement.ts';

/** Why the arbiter kills a worker. */
export type KillCause =
  /** Its watchdog says that its event loop is blocked. */
  | 'stall'
  /** Its heartbeat is overdue. */
  | 'silent'
  | 'boot-timeout'
  /** It reported why it cannot boot. */
  | 'boot'
  /** It did not end within its grace period. */
  | 'grace'
  /** It was told to end before it was ready, and did not. */
  | 'unwanted'
  /** The service is forced to stop. */
  | 'forced'
  /** Somebody asked for its end. */
  | 'asked';

/** What a worker is doing, as far as the arbiter knows. Times are of the arbiter's clock, in milliseconds. */
export type WorkerState =
  /** The process was started and has not said hello: messages wait in the channel, and a signal would kill it. */
  | { readonly name: 'spawning'; readonly sinceMs: number }
  | { readonly name: 'booting'; readonly sinceMs: number }
  /** The application is loaded; it accepts nothing until it is told to. */
  | { readonly name: 'standby'; readonly sinceMs: number; readonly heartbeatMs: number }
  /** It stood by from `standbyMs` and was told to accept at `sinceMs`. */
  | { readonly name: 'opening'; readonly sinceMs: number; readonly standbyMs: number }
  /** `outgoing` is why it asks to be replaced; null where it does not. */
  | {
      readonly name: 'ready';
      readonly sinceMs: number;
      readonly heartbeatMs: number;
      readonly outgoing: string | null;
    }
  /** `purpose` is what it was told last; `by` is what made it leave where the arbiter did not tell it to. */
  | {
      readonly name: 'retiring';
      readonly reason: string;
      readonly purpose: RetirePurpose;
      readonly killAtMs: number;
      readonly by?: Instigator;
    }
  /** It reported why it cannot boot, and ends by itself. */
  | { readonly name: 'failed'; readonly killAtMs: number }
  /** It was told to end before it was ready. */
  | { readonly name: 'cancelled'; readonly reason: string; readonly killAtMs: number }
  | {
      readonly name: 'killed';
      readonly reason: string;
      readonly escalateAtMs: number;
      readonly cause: KillCause;
    }
  | { readonly name: 'exited' };

/** Why a worker is killed whose state is overdue. */
export function killCauseOf(state: WorkerState): KillCause {
  switch (state.name) {
    case 'killed':
      return state.cause;
    case 'spawning':
    case 'booting':
    case 'opening':
      return 'boot-timeout';
    case 'failed':
      return 'boot';
    case 'cancelled':
      return 'unwanted';
    case 'standby':
    case 'ready':
      return 'silent';
    default:
      return 'grace';
  }
}

/** The limits that a worker was spawned with; Infinity where a limit is off. */
export interface Limits {
  readonly bootMs: number;
  readonly heartbeatMs: number;
  readonly graceMs: number;
}

export interface WorkerSnapshot {
  /** The order of spawning; also the worker's identity. */
  readonly age: number;
  /** Its place, which its replacement takes over; null while it stands by, and until it is told to serve. */
  readonly slot: number | null;
  readonly generation: number;
  readonly limits: Limits;
  readonly state: WorkerState;
  /** Before this time no limit ends it, as somebody looks at it; absent where nobody does. */
  readonly heldUntilMs?: number | undefined;
}

/** Whether a worker serves or is going to. */
export function isLiving({ state }: WorkerSnapshot): boolean {
  return isBooting(state) || state.name === 'ready';
}

/** Whether a worker in this state has yet to get ready. */
export function isBooting({ name }: WorkerState): boolean {
  return name === 'spawning' || name === 'booting' || name === 'standby' || name === 'opening';
}

/** How long a spare worker has taken to open its sockets, in milliseconds; null where it was needed at once. */
export function takeOverMs(state: WorkerState, now: number): number | null {
  if (state.name !== 'opening' || state.sinceMs - state.standbyMs < 1) return null;
  return Math.round(now - state.sinceMs);
}

/** When the worker's present state becomes overdue. */
export function deadlineOf(worker: WorkerSnapshot): number {
  const { heldUntilMs = Number.NEGATIVE_INFINITY, state } = worker;
  // What is to be killed is killed.
  return state.name === 'killed' ? state.escalateAtMs : Math.max(heldUntilMs, ownDeadlineOf(worker));
}

function ownDeadlineOf({ state, limits }: WorkerSnapshot): number {
  switch (state.name) {
    case 'spawning':
    case 'booting':
    case 'opening':
      return state.sinceMs + limits.bootMs;
    case 'standby':
    case 'ready':
      return state.heartbeatMs + limits.heartbeatMs;
    case 'retiring':
    case 'failed':
    case 'cancelled':
      return state.killAtMs;
    case 'killed':
      return state.escalateAtMs;
    case 'exited':
      return Infinity;
  }
}
