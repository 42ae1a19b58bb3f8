import { constants } from 'node:os';

/** What a run made on this machine, and takes back at its end. */
const made = new Set<() => void>();

/**
 * Undoes what this process makes on the machine also where it ends in the midst of it, by an error or a signal (for that, see
 * `exitOnSignals`). `undo` may not wait. Call what is returned once it is undone.
 */
export function undoAtExit(undo: () => void): () => void {
  if (made.size === 0) process.once('exit', undoAll);
  made.add(undo);
  return () => {
    made.delete(undo);
    if (made.size === 0) process.off('exit', undoAll);
  };
}

function undoAll(): void {
  for (const undo of made) {
    try {
      undo();
    } catch (error) {
      // The others are undone all the same.
      console.error(error);
    }
  }
}

/** A signal that would end this process at once lets it undo first what it has made. */
export function exitOnSignals(): void {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(name, () => process.exit(128 + constants.signals[name]));
}

/** Waits without the event loop, which stands still while a process exits. */
export function waitStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
