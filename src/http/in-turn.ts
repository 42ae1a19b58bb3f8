import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** What the types of a response leave out. */
type Internals = ServerResponse & { readonly _last: boolean };

/** Whether the connection ends behind an answer, whose head is written: nothing behind it may be run (RFC 9112, 9.6). */
export function isLast(response: ServerResponse): boolean {
  return (response as Internals)._last;
}

/**
 * Calls `run` once `earlier` is answered, and never where its connection ends with it. Requests of one connection run one
 * after another, as RFC 9112, 9.3.2 asks for those that are not safe: one may be refused in the middle of its run, and
 * what was sent behind it must not have begun by then.
 */
export function afterAnswer(earlier: ServerResponse, socket: Socket, run: () => void): void {
  const { AsyncLocalStorage } = process.getBuiltinModule('node:async_hooks');
  // In its own context, and not in that of the request whose end it waits for.
  const runInContext = AsyncLocalStorage.bind(run);
  earlier.once('close', () => {
    if (earlier.writableFinished && !isLast(earlier) && socket.writable) runInContext();
  });
}
