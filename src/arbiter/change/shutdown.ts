import type { ArbiterSignal } from '../events.ts';

/** How the service stops, from the least to the most urgent. */
export type StopMode = 'graceful' | 'quick' | 'forced';

/** What the arbiter is doing for the service as a whole. */
export type Intent =
  /** No worker was ready yet: a failure to boot halts the service. */
  | { readonly name: 'starting' }
  | { readonly name: 'serving' }
  /** The workers were retired (WINCH), and the sockets are held. */
  | { readonly name: 'resting' }
  /** The service was told to stop and still accepts, until load balancers have noticed (--drain-delay). */
  | { readonly name: 'lingering'; readonly untilMs: number; readonly exitStatus: number }
  | { readonly name: 'stopping'; readonly mode: StopMode; readonly exitStatus: number };

/** Whether the service was told to stop. */
export function isEnding({ name }: Intent): boolean {
  return name === 'lingering' || name === 'stopping';
}

/** Why a signal is not acted on. */
export function unchangedBecause({ name }: Intent): string {
  if (name === 'starting') return 'no worker has been ready yet';
  return name === 'resting' ? 'the workers have already retired' : 'this arbiter is stopping';
}

const HASTE: Readonly<Record<StopMode, string>> = {
  graceful: 'the workers finish their requests',
  quick: 'the workers exit at once',
  forced: 'the workers are killed',
};

/** The log line where a stop under way becomes more urgent, or the wait before it ends; otherwise null. */
export function hasteOf(intent: Intent, mode: StopMode, now: number): string | null {
  if (intent.name === 'lingering' && intent.untilMs === Infinity) return `Draining is over: ${HASTE[mode]}`;
  if (intent.name === 'lingering')
    return `${now < intent.untilMs ? 'The wait is cut short' : 'The wait is over'} (--drain-delay): ${HASTE[mode]}`;
  return intent.name === 'stopping' && intent.mode !== mode ? `The stop is hastened: ${HASTE[mode]}` : null;
}

/** The mode that a stop signal asks for: a second signal hastens a stop that is under way. */
export function stopMode(signal: ArbiterSignal, intent: Intent): StopMode {
  const underWay = intent.name === 'stopping' ? intent.mode : null;
  if (signal === 'SIGTERM' && underWay === null) return 'graceful';
  return underWay === 'quick' || underWay === 'forced' ? 'forced' : 'quick';
}

/** The intent to stop in that mode; the exit status of the first stop is kept. */
export function toStopping(
  intent: Intent,
  mode: StopMode,
  exitStatus: number,
): Intent & { name: 'stopping' } {
  const status = 'exitStatus' in intent ? intent.exitStatus : exitStatus;
  return { name: 'stopping', mode, exitStatus: status };
}

/** The intent to accept for a while first, where a service that serves is told to stop gracefully; otherwise null. */
export function toLingering(
  intent: Intent,
  mode: StopMode,
  exitStatus: number,
  { now, delayMs }: { readonly now: number; readonly delayMs: number },
): (Intent & { name: 'lingering' }) | null {
  if (intent.name !== 'serving' || mode !== 'graceful' || delayMs === 0) return null;
  return { name: 'lingering', untilMs: now + delayMs, exitStatus };
}
