import type { Listener } from '../../listeners/listener.ts';
import type { Spawn } from '../../process/child.ts';
import { launch } from '../../process/launch.ts';
import { isServing, type WorkerCount } from '../../process/parent.ts';
import type { Start } from '../../process/start.ts';
import type { ArbiterEvent, WorkerEnd } from '../events.ts';

/** Starts the new arbiter of an upgrade, as Succession's `start` does. */
export type StartSuccessor = (
  start: Start,
  listeners: readonly Listener[],
  workerCount: WorkerCount,
  emit: (event: ArbiterEvent) => void,
) => void;

/**
 * Starts new arbiters by `spawn`. Each lives on when we end; the channel tells us that it serves, and it that we are
 * gone. Emits `upgradeStarted`, perhaps `upgradeReady`, and `upgradeEnded`; where it could not be started, only that.
 */
export function successors(spawn: Spawn): StartSuccessor {
  return (start, listeners, workerCount, emit) => {
    const ended = (end: WorkerEnd) => emit({ type: 'upgradeEnded', end });
    const order = { kind: 'arbiter', listeners, workerCount, stdout: 'inherit', stderr: 'inherit' } as const;
    const child = launch(spawn, start, order, (error) => ended({ how: 'unborn', error }));
    if (child === null) return;
    emit({ type: 'upgradeStarted', pid: child.pid });
    child.on('message', (message) => {
      if (isServing(message)) emit({ type: 'upgradeReady', adopted: message.adopted });
    });
    child.once('exit', (status, signal) =>
      ended(signal ? { how: 'signal', signal } : { how: 'status', status: status ?? 0 }),
    );
  };
}
