import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../support/clock.ts';
import type { Flight } from './flight.ts';

// Every time limit of requests and connections follows one rule: nothing is cut before the event loop has polled its
// sockets and read what the kernel holds. What arrived while the loop was blocked arrived in time.

/** After a turn of the event loop that took longer than this, the kernel may hold more than the turn has read. */
const TURN_MS = 5;
/** If a timer fires later than this, the event loop was blocked. */
const LATE_MS = 100;
/** The longest time that a timer of Node can be set to. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface FlightLimit {
  readonly limitMs: number;
  /** The requests whose time runs now; each has run since its `sinceMs`. */
  readonly inFlight: () => readonly Flight[];
  /** Called once for each request that has taken too long and is still in flight after a poll of the sockets. */
  readonly overdue: (response: ServerResponse) => void;
  readonly clock: Clock;
}

/**
 * Limits the time of requests. One timer serves all of them, so that a request costs nothing. The timer is set to when
 * the oldest request is due, since a later one is due later. Where many are due one after another, they are ended in
 * batches, up to 250 ms late.
 */
export function limitFlights({ limitMs, inFlight, overdue, clock }: FlightLimit): void {
  const leastMs = Math.min(250, limitMs / 100);
  /** Requests that were ended and are still in flight, as their clients have yet to read the answer. */
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
 * Calls `act` when `ms` are over and the sockets were polled, unless the connection has closed. Time in which the event
 * loop was blocked does not count, since nothing of the client's was read in it.
 */
export function whenDue(socket: Socket, ms: number, clock: Clock, act: () => void): () => void {
  let isCancelled = false;
  let stop = () => {};
  const arm = (leftMs: number) => {
    const dueMs = clock.now() + leftMs;
    stop = clock.after(leftMs, () => {
      const lateMs = clock.now() - dueMs;
      if (lateMs > LATE_MS) return arm(Math.min(lateMs, leftMs));
      socket.off('close', cancel);
      afterPoll(() => {
        if (!isCancelled) act();
      });
    });
  };
  const cancel = () => {
    isCancelled = true;
    stop();
    socket.off('close', cancel);
  };
  socket.once('close', cancel);
  arm(ms);
  return cancel;
}

/** Destroys an idle connection, but not one for which the kernel holds a request: its client would get a reset. */
export function closeIfSilent(socket: Socket): void {
  const { bytesRead } = socket;
  afterPoll(() => {
    if (socket.bytesRead === bytesRead) socket.destroy();
  });
}

/**
 * Calls `act` right after the event loop has read what the kernel held. Timers fire before the loop polls, so after a
 * blocked loop they know nothing of what has arrived meanwhile. Where the loop is so busy that each turn takes long, a
 * longer turn is accepted at the next try.
 */
export function afterPoll(act: () => void, turnMs = TURN_MS): void {
  // The first setImmediate may be set in the middle of a turn, after the poll.
  setImmediate(() => {
    const startedMs = performance.now();
    setImmediate(() => {
      if (performance.now() - startedMs <= turnMs) act();
      else afterPoll(act, turnMs * 2);
    });
  });
}
