import type { ServerResponse } from 'node:http';

/**
 * Whether nobody waits for an answer, as far as is known without a look at the socket. A client that has merely ended its
 * own side gets none either: Node has then ended ours.
 */
export function hasGone({ closed, socket }: ServerResponse): boolean {
  return closed || socket?.readableEnded === true;
}
