import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** What the types of a response leave out. */
interface Internals extends ServerResponse {
  readonly _last: boolean;
  /** Tells Node how many bytes more, or fewer, wait to be sent on the connection: it stops reading at 64 KB or so. */
  readonly _onPendingData: (bytes: number) => void;
}

/** Nothing behind an answer is run from now on, whatever its head says. */
export function endBehind(response: ServerResponse): void {
  Reflect.set(response, '_last', true);
}

/** What a request that waits counts for, as if its answer waited to be sent. Node would read on without end else. */
const WAITING_BYTES = 1024;

/** Whether the connection ends behind an answer, whose head is written: nothing behind it may be run (RFC 9112, 9.6). */
export function isLast(response: ServerResponse): boolean {
  return (response as Internals)._last;
}

/**
 * Calls `act` once `earlier` is answered, and never where its connection ends with it. Requests of one connection run one
 * after another, as RFC 9112, 9.3.2 asks for those that are not safe: one may be refused in the middle of its run, and
 * what was sent behind it must not have begun by then.
 */
export function afterAnswer(earlier: ServerResponse, socket: Socket, act: () => void): void {
  const { AsyncLocalStorage } = process.getBuiltinModule('node:async_hooks');
  // In its own context, and not in that of the request whose end it waits for.
  const actInContext = AsyncLocalStorage.bind(act);
  earlier.once('close', () => {
    if (earlier.writableFinished && !isLast(earlier) && socket.writable) actInContext();
  });
}

/**
 * Calls `run` for the request of `response` once `earlier` is answered, unless it has been answered itself by then, as
 * one that waits for longer than --request-timeout. While many wait, nothing more of the connection is read.
 */
export function inTurn(
  earlier: ServerResponse,
  response: ServerResponse,
  socket: Socket,
  run: () => void,
): void {
  const { _onPendingData: count } = response as Internals;
  count(WAITING_BYTES);
  afterAnswer(earlier, socket, () => {
    count(-WAITING_BYTES);
    if (!response.writableEnded) run();
  });
}
