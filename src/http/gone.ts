import type { ServerResponse } from 'node:http';

/**
 * Whether the client no longer waits for an answer, as far as Node knows by now. A client that has merely ended its own
 * side gets no answer either, since Node has then ended ours.
 */
export function hasGone({ closed, socket }: ServerResponse): boolean {
  return closed || socket?.readableEnded === true;
}
