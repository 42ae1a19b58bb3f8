import type { ServerResponse } from 'node:http';

/**
 * Whether the client no longer waits for an answer, as far as Node knows by now. A client that has merely ended its own
 * side gets no answer either, since Node has then ended ours.
 */
export function hasGone({ closed, socket }: ServerResponse): boolean {
  return closed || socket?.readableEnded === true;
}

/**
 * Ends the connection of a client that has gone, whose request nobody will answer. Node does not where the client ended in
 * the middle of another request, or where a program wants to answer those that have ended their own side.
 */
export function endGone({ socket }: ServerResponse): void {
  if (socket?.readableEnded && !socket.writableEnded) socket.end();
}
