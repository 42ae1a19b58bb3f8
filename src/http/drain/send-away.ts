import { type Clock, every } from '../../support/clock.ts';
import type { Connections } from '../connections.ts';
import { closeLongLived } from './long-lived.ts';
import { stagger } from './stagger.ts';

const CHECK_EVERY_MS = 50;

/**
 * Sends the clients of WebSockets and event streams away, one after another within `windowMs`: thousands that came back
 * at once would overrun whoever serves them next. Those that begin meanwhile are met too. Returns what stops it.
 */
export function sendAway(
  connections: Connections,
  windowMs: number,
  clock: Clock,
  random = Math.random,
): () => void {
  const untilMs = clock.now() + windowMs;
  const due = new Map<unknown, number>();
  const check = () => {
    const now = clock.now();
    const streams = connections.longLived();
    const fresh = streams.filter(({ socket }) => !due.has(socket));
    const delays = stagger(fresh.length, Math.max(0, untilMs - now), random());
    for (const [index, { socket }] of fresh.entries()) due.set(socket, now + (delays[index] ?? 0));
    for (const stream of streams) {
      if ((due.get(stream.socket) ?? now) > now) continue;
      // Once only: a WebSocket stays listed until it has closed.
      due.set(stream.socket, Infinity);
      closeLongLived(stream, clock);
    }
  };
  check();
  return every(clock, CHECK_EVERY_MS, check);
}
