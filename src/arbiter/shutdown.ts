import type { ArbiterSignal } from './events.ts';

/** How the service stops: each is more urgent than the one before. */
export type StopMode = 'graceful' | 'quick' | 'forced';

/** What the arbiter is about. */
export type Intent =
  /** No worker was ready yet: a failure to boot halts the service. */
  | { readonly name: 'starting' }
  | { readonly name: 'serving' }
  /** The workers were retired (WINCH), and the sockets are held. */
  | { readonly name: 'resting' }
  | { readonly name: 'stopping'; readonly mode: StopMode; readonly exitStatus: number };

/** What a stop signal asks for, given what is under way: a second one hastens. */
export function stopMode(signal: ArbiterSignal, intent: Intent): StopMode {
  const underWay = intent.name === 'stopping' ? intent.mode : null;
  if (signal === 'SIGTERM' && underWay === null) return 'graceful';
  return underWay === 'quick' || underWay === 'forced' ? 'forced' : 'quick';
}

/** The intent to stop: a more urgent mode may follow a less urgent one; the first reason's exit status stays. */
export function toStopping(
  intent: Intent,
  mode: StopMode,
  exitStatus: number,
): Intent & { name: 'stopping' } {
  const status = intent.name === 'stopping' ? intent.exitStatus : exitStatus;
  return { name: 'stopping', mode, exitStatus: status };
}
