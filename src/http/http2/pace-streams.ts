import type { Socket } from 'node:net';
import { eventOf } from '../../app/request-event.ts';
import { type Clock, every } from '../../support/clock.ts';
import type { Connections, OfHttp2 } from '../connections.ts';
import { afterPoll } from '../deadlines.ts';
import { FAULTS } from '../edge/fault.ts';
import type { EdgeLimits } from '../edge/limits.ts';
import { isSlow } from '../pace.ts';
import type { Refusals } from '../refusals.ts';
import { StreamSocket } from './stream-socket.ts';

/** How often it is looked at what has moved. */
const LOOK_MS = 1000;
/** A client that was told to leave, or has nothing to say, gets so long to take what was sent to it. */
const LEAVE_MS = 2000;

export interface PaceOptions {
  readonly connections: Connections;
  readonly limits: Pick<EdgeLimits, 'headMs' | 'bodyMs' | 'writeMs'>;
  readonly keepAliveMs: number;
  readonly refusals: Pick<Refusals, 'refuseStreamBody' | 'cut'>;
  readonly clock: Clock;
}

/** How far a stream had come when that was last seen to change. */
interface Seen {
  readonly bytesRead: number;
  readonly readSinceMs: number;
  readonly bytesWritten: number;
  readonly wroteSinceMs: number;
}

/** Since when a session has had nothing under way; `latestMs` tells that there was no request in between. */
interface Rest {
  readonly latestMs: number;
  readonly sinceMs: number;
}

/**
 * Bounds what node:http2 does not bound: sessions that are silent or idle, bodies that come too slowly and answers that are
 * not read. One timer serves a worker. A head that is sent slowly ends with its session, as nothing else can come on it.
 */
export function keepStreamsMoving(options: PaceOptions): void {
  const { connections, clock } = options;
  let streams: ReadonlyMap<StreamSocket, Seen> = new Map();
  let rests: ReadonlyMap<Socket, Rest> = new Map();
  every(clock, LOOK_MS, () => {
    const now = clock.now();
    const sessions = connections.sessions();
    streams = new Map(streamsOf(sessions).map((socket) => [socket, seen(socket, streams.get(socket), now)]));
    rests = new Map(
      sessions
        .filter(({ session }) => session.size === 0)
        .map(({ socket, sinceMs }) => [socket, restOf(rests.get(socket), sinceMs, now)]),
    );
    const slow = [...streams].filter(([socket, progress]) => isOverdue(socket, progress, options, now));
    const idle = sessions.filter(({ socket, session }) => {
      const rest = rests.get(socket);
      if (rest === undefined) return false;
      // One that has had no request counts from its beginning.
      return session.isUsed
        ? now - rest.sinceMs >= options.keepAliveMs
        : isOver(now - rest.latestMs, options.limits.headMs);
    });
    if (slow.length + idle.length === 0) return;
    // What has come meanwhile counts.
    afterPoll(() => {
      for (const [socket, progress] of slow)
        if (isOverdue(socket, progress, options, now)) end(socket, progress, options, now);
      for (const one of idle) if (one.session.size === 0) endIdle(one, options);
    });
  });
}

function streamsOf(sessions: readonly OfHttp2[]): readonly StreamSocket[] {
  return sessions.flatMap(({ session }) =>
    session.flights.flatMap(({ response }) => {
      const socket: unknown = response.socket;
      return socket instanceof StreamSocket ? socket : [];
    }),
  );
}

function seen(socket: StreamSocket, before: Seen | undefined, now: number): Seen {
  const { bytesRead, bytesWritten } = socket;
  const isHeldUp = isReadingHeldUp(socket);
  const hasMoved = before?.bytesWritten !== bytesWritten || socket.writableLength === 0;
  return {
    bytesRead: before === undefined || isHeldUp ? bytesRead : before.bytesRead,
    readSinceMs: before === undefined || isHeldUp ? now : before.readSinceMs,
    bytesWritten,
    wroteSinceMs: before === undefined || hasMoved ? now : before.wroteSinceMs,
  };
}

/** Whether it is not the client that the body waits for. */
function isReadingHeldUp(socket: StreamSocket): boolean {
  const response = socket._httpMessage;
  if (response === null || response.req.complete) return true;
  // An answer that is being written may go with the body, and the client may wait for a part of either.
  if (response.headersSent && !response.writableEnded) return true;
  return socket.isPaused() || eventOf(response.req) === 'checkContinue';
}

function isOverdue(socket: StreamSocket, progress: Seen, options: PaceOptions, now: number): boolean {
  return isReadSlowly(socket, progress, options, now) || isUnread(socket, progress, options, now);
}

function isReadSlowly(socket: StreamSocket, progress: Seen, { limits }: PaceOptions, now: number): boolean {
  if (limits.bodyMs === 0 || isReadingHeldUp(socket)) return false;
  return isSlow(socket, { sinceMs: progress.readSinceMs, bytesRead: progress.bytesRead }, limits.bodyMs, now);
}

function isUnread(socket: StreamSocket, progress: Seen, { limits }: PaceOptions, now: number): boolean {
  if (limits.writeMs === 0 || socket.writableLength === 0) return false;
  return socket.bytesWritten === progress.bytesWritten && now - progress.wroteSinceMs >= limits.writeMs;
}

function end(socket: StreamSocket, progress: Seen, options: PaceOptions, now: number): void {
  const { refusals } = options;
  const response = socket._httpMessage;
  if (response === null) return;
  if (isUnread(socket, progress, options, now))
    refusals.cut(socket as unknown as Socket, FAULTS.unread, 'stream');
  else refusals.refuseStreamBody(response.req, response, FAULTS.slowBody);
}

function restOf(before: Rest | undefined, latestMs: number, now: number): Rest {
  return before?.latestMs === latestMs ? before : { latestMs, sinceMs: now };
}

function isOver(ms: number, limitMs: number): boolean {
  return limitMs > 0 && ms >= limitMs;
}

/** RFC 9113, 9.1: with GOAWAY, so that the client knows that a request which it sends now is lost and safe to send again. */
function endIdle({ socket, session }: OfHttp2, { clock }: PaceOptions): void {
  session.end();
  const cancel = clock.after(LEAVE_MS, () => void socket.destroy());
  socket.once('close', cancel);
}
