import { hasExited } from '../../src/process/process-state.ts';

/**
 * Bounds the end of a worker whose arbiter is gone. After process.exit() Node can wait for ever: for a thread in native
 * code, or for V8's own threads (nodejs/node#54918). The arbiter kills such a worker, but nobody kills an orphan, so it
 * ends itself with SIGKILL once every listener for 'exit' has run. To be called first, while the parent is the arbiter.
 */
export function boundTeardown(): void {
  const arbiter = process.ppid;
  const ended = (status: number) => {
    if (!isOrphan(arbiter)) return;
    const listeners: readonly ((status: number) => unknown)[] = process.listeners('exit');
    for (const listener of listeners) if (listener !== ended) attempt(() => listener.call(process, status));
    process.kill(process.pid, 'SIGKILL');
  };
  process.on('exit', ended);
}

/** How long an arbiter that dies may take from the end of the channel until its children have another parent. */
const REPARENTED_MS = 1000;
const STEP_MS = 10;

/** The kernel closes the channel of a process that dies before it gives its children another parent. */
function isOrphan(arbiter: number): boolean {
  if (process.connected && !hasExited(arbiter)) return process.ppid !== arbiter;
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (let waitedMs = 0; process.ppid === arbiter && waitedMs < REPARENTED_MS; waitedMs += STEP_MS)
    Atomics.wait(never, 0, 0, STEP_MS);
  return process.ppid !== arbiter;
}

function attempt(act: () => unknown): void {
  try {
    act();
  } catch {
    // As with process.exit(), the process ends in any case.
  }
}
