/**
 * Bounds the end of a worker whose arbiter is gone. After process.exit() Node can wait for ever: for a thread in native
 * code, or for V8's own threads (nodejs/node#54918). The arbiter kills such a worker, but nobody kills an orphan, so it
 * ends itself with SIGKILL once every listener for 'exit' has run. To be called first, while the parent is the arbiter.
 */
export function boundTeardown(): void {
  const arbiter = process.ppid;
  const ended = (status: number) => {
    if (process.ppid === arbiter) return;
    const listeners: readonly ((status: number) => unknown)[] = process.listeners('exit');
    for (const listener of listeners) if (listener !== ended) attempt(() => listener.call(process, status));
    process.kill(process.pid, 'SIGKILL');
  };
  process.on('exit', ended);
}

function attempt(act: () => unknown): void {
  try {
    act();
  } catch {
    // As with process.exit(), the process ends in any case.
  }
}
