import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../support/clock.ts';
import type { Flight } from './flight.ts';

// Every time limit of requests and connections goes by one rule: nothing is cut before the event loop has read what the
// kernel holds. What came while the loop was blocked came in time.

/** A turn of the event loop that took longer than this says little of what the kernel holds by now. */
const TURN_MS = 5;
/** A timer that is later than this says that the event loop was blocked. */
const LATE_MS = 100;
/** Node's timers take no longer time. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface FlightLimit {
  readonly limitMs: number;
  /** The requests whose time runs now, each from its `sinceMs` on. */
  readonly inFlight: () => readonly Flight[];
  /** Called once for a request that has taken too long and does so still after a look at the sockets. */
  readonly overdue: (response: ServerResponse) => void;
  readonly clock: Clock;
}

/**
 * Limits the time of requests, with one timer for all of them, at no cost a request. The timer is set to when the oldest
 * is due: whatever begins later is due later. Where many are due one after another, they are ended in batches, up to
 * 250 ms late.
 */
export function limitFlights({ limitMs, inFlight, overdue, clock }: FlightLimit): void {
  const leastMs = Math.min(250, limitMs / 100);
  /** Their clients may take a while to read that it took too long. */
  let ended = new Set<ServerResponse>();
  const round = () => {
    const now = clock.now();
    const flights = inFlight();
    const before = ended;
    ended = new Set(flights.flatMap(({ response }) => (before.has(response) ? response : [])));
    const late = new Set<ServerResponse>();
    let nextMs = limitMs;
    for (const { response, sinceMs } of flights) {
      if (ended.has(response)) continue;
      const leftMs = sinceMs + limitMs - now;
      if (leftMs <= 0) late.add(response);
      else nextMs = Math.min(nextMs, leftMs);
    }
    arm(Math.max(nextMs, leastMs));
    if (late.size === 0) return;
    for (const response of late) ended.add(response);
    afterPoll(() => {
      for (const { response } of inFlight()) if (late.has(response)) overdue(response);
    });
  };
  const arm = (ms: number) => void clock.after(Math.min(ms, MAX_TIMER_MS), round);
  arm(limitMs);
}

/**
 * Calls `act` when `ms` are over and a look at the sockets was taken, unless the connection has closed. The time for
 * which the event loop was blocked, in which nothing of the client's was read, does not count.
 */
export function whenDue(socket: Socket, ms: number, clock: Clock, act: () => void): void {
  const dueMs = clock.now() + ms;
  const cancel = clock.after(ms, () => {
    socket.off('close', cancel);
    const lateMs = clock.now() - dueMs;
    if (lateMs > LATE_MS) whenDue(socket, Math.min(lateMs, ms), clock, act);
    else afterPoll(act);
  });
  socket.once('close', cancel);
}

/** Destroys a connection that is idle, but not one for which the kernel holds a request: that would reset it. */
export function closeIfSilent(socket: Socket): void {
  const { bytesRead } = socket;
  afterPoll(() => {
    if (socket.bytesRead === bytesRead) socket.destroy();
  });
}

/**
 * Calls `act` right after the event loop has read what the kernel held. Timers come before that: after a blocked event
 * loop they know nothing of what has arrived meanwhile. Where the loop is so busy that each turn takes long, a longer one
 * will do the next time.
 */
export function afterPoll(act: () => void, turnMs = TURN_MS): void {
  // The first may be called in the middle of a turn.
  setImmediate(() => {
    const startedMs = performance.now();
    setImmediate(() => {
      if (performance.now() - startedMs <= turnMs) act();
      else afterPoll(act, turnMs * 2);
    });
  });
}
