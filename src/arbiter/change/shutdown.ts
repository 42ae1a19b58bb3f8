import type { ArbiterSignal } from '../events.ts';

/** How the service stops: each is more urgent than the one before. */
export type StopMode = 'graceful' | 'quick' | 'forced';

/** What the arbiter is about. */
export type Intent =
  /** No worker was ready yet: a failure to boot halts the service. */
  | { readonly name: 'starting' }
  | { readonly name: 'serving' }
  /** The workers were retired (WINCH), and the sockets are held. */
  | { readonly name: 'resting' }
  /** Serves on although it was told to stop, until load balancers look elsewhere (--drain-delay). */
  | { readonly name: 'lingering'; readonly untilMs: number; readonly exitStatus: number }
  | { readonly name: 'stopping'; readonly mode: StopMode; readonly exitStatus: number };

/** Whether the service was told to stop. */
export function isEnding({ name }: Intent): boolean {
  return name === 'lingering' || name === 'stopping';
}

/** Why what a signal asked for is not done. */
export function unchangedBecause({ name }: Intent): string {
  if (name === 'starting') return 'no worker has been ready yet';
  return name === 'resting' ? 'the workers rest already' : 'this arbiter stops';
}

const HASTE: Readonly<Record<StopMode, string>> = {
  graceful: 'the workers finish their requests',
  quick: 'the workers end at once',
  forced: 'the workers are killed',
};

/** What to say where a stop that is under way goes on in another way; otherwise null. */
export function hasteOf(intent: Intent, mode: StopMode, now: number): string | null {
  if (intent.name === 'lingering')
    return `${now < intent.untilMs ? 'The wait is cut short' : 'The wait is over'} (--drain-delay): ${HASTE[mode]}`;
  return intent.name === 'stopping' && intent.mode !== mode ? `The stop is hastened: ${HASTE[mode]}` : null;
}

/** What a stop signal asks for, given what is under way: a second one hastens; where the service lingers it need not. */
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
  const status = 'exitStatus' in intent ? intent.exitStatus : exitStatus;
  return { name: 'stopping', mode, exitStatus: status };
}

/** The intent to go on for a while first, where a service that serves is asked to stop gracefully; otherwise null. */
export function toLingering(
  intent: Intent,
  mode: StopMode,
  exitStatus: number,
  { now, delayMs }: { readonly now: number; readonly delayMs: number },
): (Intent & { name: 'lingering' }) | null {
  if (intent.name !== 'serving' || mode !== 'graceful' || delayMs === 0) return null;
  return { name: 'lingering', untilMs: now + delayMs, exitStatus };
}
