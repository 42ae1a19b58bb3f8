import type { Socket } from 'node:net';

/** A turn of the event loop that took longer than this says little of what the kernel holds by now. */
const TURN_MS = 5;

/**
 * Calls `act` right after the event loop has read what the kernel held. Timers come before that: after a blocked event
 * loop they know nothing of what has arrived meanwhile. Where the loop is so busy that each turn takes long, a longer one
 * will do the next time.
 */
export function afterLook(act: () => void, turnMs = TURN_MS): void {
  // The first may be called in the middle of a turn.
  setImmediate(() => {
    const startedMs = performance.now();
    setImmediate(() => {
      if (performance.now() - startedMs <= turnMs) act();
      else afterLook(act, turnMs * 2);
    });
  });
}

/** Destroys a connection that is idle, but not one for which the kernel holds a request: that would reset it. */
export function closeIfSilent(socket: Socket): void {
  const { bytesRead } = socket;
  afterLook(() => {
    if (socket.bytesRead === bytesRead) socket.destroy();
  });
}
