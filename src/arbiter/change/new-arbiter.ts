import type { Child, Spawn } from '../../process/child.ts';
import { type LaunchOptions, launch } from '../../process/launch.ts';
import { isServing } from '../../process/parent.ts';
import { isPeerMessage, type PeerMessage } from '../../process/peer.ts';
import type { Start } from '../../process/start.ts';
import { type ArbiterEvent, type ProcessEnd, STOP_SIGNALS } from '../events.ts';

/** What a new arbiter gets from the one that starts it. */
export type Handed = Pick<
  LaunchOptions,
  'listeners' | 'workerCount' | 'counters' | 'control' | 'deaths' | 'rings' | 'ticketKeys'
>;

/** Starts another arbiter as `start` says. */
export type StartNewArbiter = (start: Start, handed: Handed, emit: (event: ArbiterEvent) => void) => void;

/** The new arbiters that this one starts, one at a time. */
export interface NewArbiters {
  readonly start: StartNewArbiter;
  /** Tells the one that lives, if one does; returns whether one does. */
  tell(message: PeerMessage): boolean;
}

/**
 * Starts new arbiters by `spawn`. Each outlives this process; its channel tells this one that it serves, and tells it
 * that this one has ended. Emits `upgradeStarted`, then perhaps `upgradeReady`, then `upgradeEnded`; where the process
 * could not be started, only the last.
 */
export function newArbiters(spawn: Spawn): NewArbiters {
  let living: Child | null = null;
  const startOne: StartNewArbiter = (start, handed, emit) => {
    const ended = (end: ProcessEnd) => emit({ type: 'upgradeEnded', end });
    const spec = { kind: 'arbiter', ...handed, stdout: 'inherit', stderr: 'inherit' } as const;
    const child = launch(spawn, start, spec, (error) => ended({ how: 'unstarted', error }));
    if (child === null) return;
    living = child;
    emit({ type: 'upgradeStarted', pid: child.pid });
    child.on('message', (message) => {
      if (isServing(message)) emit({ type: 'upgradeReady', adopted: message.adopted });
      else if (isPeerMessage(message)) emit({ type: 'peer', message });
    });
    child.once('exit', (status, signal) =>
      ended(signal ? { how: 'signal', signal } : { how: 'status', status: status ?? 0 }),
    );
  };
  const tell = (message: PeerMessage) => {
    if (!living?.connected) return false;
    living.send(message, () => {});
    return true;
  };
  return { start: startOne, tell };
}

const MEANINGS: Readonly<Record<number, string>> = {
  1: 'wrong usage or configuration, or the address is in use',
  3: 'a worker could not boot',
  4: 'the application could not be loaded',
};

/** How a new arbiter ended, in words that follow its name. */
export function describeEnd(end: ProcessEnd): string {
  if (end.how === 'unstarted') return `could not be started (${end.error})`;
  if (end.how === 'signal') return `was killed by ${end.signal}`;
  const meaning = MEANINGS[end.status];
  return `exited with status ${end.status}${meaning === undefined ? '' : ` (${meaning})`}`;
}

/** Whether it ended because it was told to stop, as by a service manager that signals every process of the service. */
export function wasStopped(end: ProcessEnd): boolean {
  if (end.how === 'signal') return STOP_SIGNALS.some((signal) => signal === end.signal);
  return end.how === 'status' && end.status === 0;
}
