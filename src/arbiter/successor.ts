import { messageOf } from '../errors.ts';
import { launch } from '../launch.ts';
import type { Listener } from '../listeners/listener.ts';
import { isServing, type WorkerCount } from '../parent.ts';
import type { Start } from '../start.ts';
import type { ArbiterEvent, WorkerEnd } from './events.ts';

/**
 * Starts the new arbiter of an upgrade. It lives on when we end; the channel tells us that it serves, and it that we are
 * gone. Emits `upgradeStarted`, perhaps `upgradeReady`, and `upgradeEnded`; where it could not be started, only that.
 */
export function startSuccessor(
  start: Start,
  listeners: readonly Listener[],
  workerCount: WorkerCount,
  emit: (event: ArbiterEvent) => void,
): void {
  const ended = (end: WorkerEnd) => emit({ type: 'upgradeEnded', end });
  try {
    const child = launch(start, {
      kind: 'arbiter',
      listeners,
      workerCount,
      stdout: 'inherit',
      stderr: 'inherit',
    });
    child.on('error', (error) => {
      // Also raised when a message could not be delivered; only without a pid was there no process.
      if (child.pid === undefined) ended({ how: 'unborn', error: messageOf(error) });
    });
    if (child.pid === undefined) return;
    emit({ type: 'upgradeStarted', pid: child.pid });
    child.on('message', (message) => {
      if (isServing(message)) emit({ type: 'upgradeReady', adopted: message.adopted });
    });
    child.once('exit', (status, signal) =>
      ended(signal ? { how: 'signal', signal } : { how: 'status', status: status ?? 0 }),
    );
  } catch (error) {
    ended({ how: 'unborn', error: messageOf(error) });
  }
}
