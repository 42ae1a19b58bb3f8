import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { eventOf } from '../app/request-event.ts';
import { type Clock, every } from '../support/clock.ts';
import type { Connections } from './connections.ts';
import { afterPoll } from './deadlines.ts';
import { FAULTS } from './edge/fault.ts';
import type { EdgeLimits } from './edge/limits.ts';
import type { Refusals } from './refusals.ts';

/** How often it is looked at what has moved. */
const LOOK_MS = 1000;
/** Each so many bytes of a body give its client a second more, as Apache's mod_reqtimeout does by default. */
const BYTES_A_SECOND = 500;

export interface PaceOptions {
  readonly connections: Connections;
  readonly limits: Pick<EdgeLimits, 'bodyMs' | 'writeMs'>;
  readonly refusals: Pick<Refusals, 'refuseBody' | 'cut'>;
  readonly clock: Clock;
}

/** A body that arrives: the bytes read on its connection when it was first seen, or when the application last held it up. */
interface Arriving {
  readonly request: IncomingMessage;
  readonly sinceMs: number;
  readonly bytesRead: number;
}

/** What waits to be taken by a client. */
interface Leaving {
  readonly sinceMs: number;
  /** It changes with every byte that is taken. */
  readonly mark: string;
}

/**
 * Ends clients that send a body too slowly, with 408, and those that take nothing of an answer for too long. One timer
 * serves a worker; a connection on which nothing is under way costs it one look a second, at which it lets go of its latest
 * answer.
 */
export function keepPace({ connections, limits, refusals, clock }: PaceOptions): void {
  const { bodyMs, writeMs } = limits;
  if (bodyMs === 0 && writeMs === 0) return;
  let arriving: ReadonlyMap<Socket, Arriving> = new Map();
  let leaving: ReadonlyMap<Socket, Leaving> = new Map();
  every(clock, LOOK_MS, () => {
    connections.forgetAnswered();
    const now = clock.now();
    arriving = bodyMs === 0 ? arriving : arrivals(connections, arriving, now);
    leaving = writeMs === 0 ? leaving : departures(connections, leaving, now);
    const slow = [...arriving].filter(([socket, body]) => isSlow(socket, body, bodyMs, now));
    const stuck = [...leaving].filter(([, { sinceMs }]) => now - sinceMs >= writeMs);
    if (slow.length + stuck.length === 0) return;
    // What has come meanwhile counts.
    afterPoll(() => {
      for (const [socket, body] of slow)
        if (!body.request.complete && isSlow(socket, body, bodyMs, now))
          refusals.refuseBody(body.request, FAULTS.slowBody);
      for (const [socket, { mark }] of stuck)
        if (markOf(socket) === mark) refusals.cut(socket, FAULTS.unread);
    });
  });
}

/** Whether a body comes too slowly that had `bytesRead` at `sinceMs`. */
export function isSlow(
  socket: Pick<Socket, 'bytesRead'>,
  { sinceMs, bytesRead }: Pick<Arriving, 'sinceMs' | 'bytesRead'>,
  bodyMs: number,
  now: number,
): boolean {
  const earnedMs = ((socket.bytesRead - bytesRead) / BYTES_A_SECOND) * 1000;
  return now - sinceMs >= bodyMs + earnedMs;
}

function arrivals(
  connections: Connections,
  before: ReadonlyMap<Socket, Arriving>,
  now: number,
): ReadonlyMap<Socket, Arriving> {
  const found = connections.receiving().map(({ socket, request }): readonly [Socket, Arriving] => {
    const known = before.get(socket);
    const isNew = known?.request !== request || isHeldUp(request, socket);
    return [socket, isNew ? { request, sinceMs: now, bytesRead: socket.bytesRead } : known];
  });
  return new Map(found);
}

/** Whether it is not the client that its body waits for. */
function isHeldUp(request: IncomingMessage, socket: Socket): boolean {
  // A program that listens to `checkContinue` says when the body may come.
  if (eventOf(request) === 'checkContinue') return true;
  return socket.isPaused() || request.readableLength >= request.readableHighWaterMark;
}

function departures(
  connections: Connections,
  before: ReadonlyMap<Socket, Leaving>,
  now: number,
): ReadonlyMap<Socket, Leaving> {
  const found = connections.sending().map((socket): readonly [Socket, Leaving] => {
    const mark = markOf(socket);
    const known = before.get(socket);
    return [socket, known?.mark === mark ? known : { sinceMs: now, mark }];
  });
  return new Map(found);
}

/** What changes with every byte of what waits on a connection that its client takes. */
export function markOf(socket: Socket): string {
  // What is left of a single write. Node itself judges its timeouts by it, and no public property tells it.
  const handle: unknown = Reflect.get(socket, '_handle');
  const queue = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'writeQueueSize') : 0;
  return `${socket.bytesWritten} ${socket.writableLength} ${queue}`;
}
