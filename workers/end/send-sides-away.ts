import type { SideStreams } from '../../src/app/script/side-drain.ts';
import { isEventStream, type LongLived } from '../../src/http/drain/long-lived.ts';
import { sendAway } from '../../src/http/drain/send-away.ts';
import type { Clock } from '../../src/support/clock.ts';

/** Sends the clients of long-lived streams away that came by servers beside what is served, within `windowMs`. Returns what stops it. */
export function sendSidesAway(streams: () => SideStreams, windowMs: number, clock: Clock): () => void {
  const longLived = (): readonly LongLived[] => {
    const { webSockets, answers } = streams();
    const events = answers.flatMap((response): readonly LongLived[] => {
      const { socket } = response;
      return socket && isEventStream(response) ? [{ kind: 'events', socket, response, isLast: true }] : [];
    });
    return [...webSockets.map((socket): LongLived => ({ kind: 'webSocket', socket })), ...events];
  };
  return sendAway({ longLived }, windowMs, clock);
}
