/**
 * What the two arbiters of an upgrade tell each other, so that companions run in one of them only: the one that owns them
 * gives them away when it wants none any more, all of its own have ended, and the other one wants them.
 */
export type PeerMessage =
  | {
      readonly tsunicorn: 'peerState';
      /** Whether it would run them. */
      readonly wants: boolean;
      /** The process groups of those that it has started. */
      readonly groups: readonly number[];
    }
  /** They are the other one's from now on; their schedules were followed until then (Date.now()). */
  | { readonly tsunicorn: 'peerGives'; readonly untilMs: number };

/** Whether a message of another arbiter is one of these. */
export function isPeerMessage(message: unknown): message is PeerMessage {
  if (typeof message !== 'object' || message === null || !('tsunicorn' in message)) return false;
  if (message.tsunicorn === 'peerGives') return 'untilMs' in message && typeof message.untilMs === 'number';
  return (
    message.tsunicorn === 'peerState' &&
    'wants' in message &&
    typeof message.wants === 'boolean' &&
    'groups' in message &&
    Array.isArray(message.groups) &&
    message.groups.every((group) => Number.isInteger(group) && group > 1)
  );
}
