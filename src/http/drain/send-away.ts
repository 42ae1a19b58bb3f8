import { type Clock, every } from '../../support/clock.ts';
import type { Connections } from '../connections.ts';
import { closeLongLived, type LongLived } from './long-lived.ts';
import { stagger } from './stagger.ts';

const CHECK_EVERY_MS = 50;

/**
 * Sends the clients of WebSockets and event streams away, one after another within `windowMs`: thousands that came back
 * at once would overrun whoever serves them next. Those that begin meanwhile are met too. Returns what stops it.
 */
export function sendAway(
  connections: Pick<Connections, 'longLived'>,
  windowMs: number,
  clock: Clock,
  random = Math.random,
): () => void {
  const untilMs = clock.now() + windowMs;
  const due = new Map<unknown, number>();
  const check = () => {
    const now = clock.now();
    const streams = connections.longLived();
    const fresh = streams.filter((stream) => !due.has(keyOf(stream)));
    const delays = stagger(fresh.length, Math.max(0, untilMs - now), random());
    for (const [index, stream] of fresh.entries()) due.set(keyOf(stream), now + (delays[index] ?? 0));
    for (const stream of streams) {
      if ((due.get(keyOf(stream)) ?? now) > now) continue;
      // Once only: a WebSocket stays listed until it has closed.
      due.set(keyOf(stream), Infinity);
      closeLongLived(stream, clock);
    }
  };
  check();
  return every(clock, CHECK_EVERY_MS, check);
}

/** A connection may carry one stream of events after another. */
function keyOf(stream: LongLived): unknown {
  return stream.kind === 'events' ? stream.response : stream.socket;
}
