/**
 * Bounds the end of a worker whose arbiter is gone. After process.exit() Node can wait for ever: for a thread that is in
 * native code, or for V8's own (nodejs/node#54918). An arbiter kills such a worker; nobody kills an orphan, so it ends
 * itself by SIGKILL once every listener for 'exit' has run. To be called first, as the parent of now is the arbiter.
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
    // As with process.exit(): it ends all the same.
  }
}
