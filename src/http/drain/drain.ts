import { moreUrgent, type Retirement, type RetirePurpose } from '../../process/ipc/retirement.ts';
import type { Clock } from '../../support/clock.ts';
import type { Connections } from '../connections.ts';
import { closeIfSilent } from '../deadlines.ts';
import { namesOf, type UnansweredRequest } from '../unanswered.ts';
import { CutOff } from './cut-off.ts';
import { IdleCloser } from './idle-closer.ts';
import { sendAway } from './send-away.ts';

/** How many of the requests that are cut are named. */
const MOST_NAMED = 20;
const EMPTY_QUEUE_LIMIT_MS = 1000;
/** Long-lived connections are closed within this part of the grace that is left; the rest is for the closing itself. */
export const SEND_AWAY_PART = 0.5;

/**
 * How long, in milliseconds, idle connections wait for a request, whose answer then says `Connection: close`. A client
 * that gets this answer loses nothing, but one that sends at the very moment of a close does. They wait for IDLE_PART of
 * the grace at most, since a last request takes a while too.
 */
const IDLE_MS: Readonly<Record<RetirePurpose, number>> = { replace: Infinity, hurry: 3000, stop: 1000 };
const IDLE_PART = 0.8;

/** What a drain needs of the gate. */
export interface Accepting {
  closeWhenEmpty(limitMs: number): Promise<void>;
  close(): void;
}

/** Connections that still live after `graceMs` are cut. */
export interface DrainOptions extends Retirement {
  readonly gate: Accepting;
  readonly connections: Connections;
  readonly clock: Clock;
  /** In development: answered connections are closed at once, so that a browser's next request meets the new code. */
  readonly isHasty?: boolean;
}

/** What was cut after the grace of `graceMs`: how many connections and requests, and the oldest of these requests. */
export interface Cut {
  readonly graceMs: number;
  readonly connections: number;
  readonly requests: number;
  readonly oldest: readonly UnansweredRequest[];
}

/** A drain that runs. */
export interface Draining {
  /** Resolves with what had to be cut. */
  readonly ended: Promise<Cut>;
  /** What is left of the grace. */
  readonly leftMs: number;
  /** From now on idle connections wait no longer than this purpose allows, and the drain takes no longer than this grace. */
  hasten(how: Pick<Retirement, 'purpose' | 'graceMs'>): void;
}

/**
 * Ends a worker's connections without dropping anything that it accepted. It stops accepting, marks every answer as the
 * last of its connection, closes WebSockets and event streams one after another, and closes idle connections when they
 * have waited long enough.
 */
export function drain(options: DrainOptions): Draining {
  const { connections, graceMs, clock, isHasty = false } = options;
  const cutOff = new CutOff(graceMs, clock);
  const idleCloser = new IdleCloser(connections, clock);
  const waitFor = () =>
    idleCloser.closeAfter(Math.min(IDLE_MS[isHasty ? 'stop' : purpose], cutOff.leftMs * IDLE_PART));
  let { purpose } = options;
  let isAccepting = true;
  const stopAccepting = async () => {
    connections.closeAfterAnswer();
    if (options.emptyQueue) await options.gate.closeWhenEmpty(Math.min(EMPTY_QUEUE_LIMIT_MS, graceMs));
    else options.gate.close();
    isAccepting = false;
    if (isHasty) closeAnswered(connections);
    waitFor();
  };
  return {
    ended: stopAccepting().then(() => end(options, cutOff, idleCloser)),
    get leftMs() {
      return cutOff.leftMs;
    },
    hasten(next) {
      purpose = moreUrgent(purpose, next.purpose);
      cutOff.bringForward(next.graceMs);
      if (!isAccepting) waitFor();
    },
  };
}

/** Not those that have sent nothing yet, since their first request may be about to come. */
function closeAnswered(connections: Connections): void {
  for (const socket of connections.idle()) if (!connections.isSilent(socket)) closeIfSilent(socket);
}

async function end(
  { connections, clock }: DrainOptions,
  cutOff: CutOff,
  idleCloser: IdleCloser,
): Promise<Cut> {
  const stopSendingAway = sendAway(connections, cutOff.leftMs * SEND_AWAY_PART, clock);
  if (connections.size > 0) await Promise.race([connections.emptied(), cutOff.reached]);
  cutOff.cancel();
  idleCloser.stop();
  stopSendingAway();
  const requests = connections.requests();
  const oldest = namesOf(requests, clock.now(), MOST_NAMED);
  const { graceMs } = cutOff;
  return { graceMs, connections: connections.destroyAll(), requests: requests.length, oldest };
}
