import { counted } from '../../support/text.ts';
import { requestsOf } from '../routes/workers.ts';
import { type Check, type Finding, fine } from './finding.ts';

/** What is answered later than this has been noticed by its client; few clients wait for longer than the second. */
const SLOW_MS = 3000;
const STUCK_MS = 30_000;
const HALF = 0.5;

/** Requests that the application does not answer. */
export const requests: Check = ({ service }) => {
  const waiting = service
    .workers()
    .flatMap(requestsOf)
    .filter(({ state, ageMs }) => state === 'waiting' && ageMs >= SLOW_MS)
    .toSorted((one, other) => other.ageMs - one.ageMs);
  const [oldest] = waiting;
  if (oldest === undefined) return fine('requests', 'none waits for its answer for longer than 3 s');
  const { method, path, ageMs, slot } = oldest;
  const those = waiting.length === 1 ? 'a request waits' : `${waiting.length} requests wait`;
  return [
    {
      check: 'requests',
      severity: ageMs >= STUCK_MS ? 'warning' : 'notice',
      message: `${those} for an answer of the application, the oldest for ${Math.round(ageMs / 1000)} s: ${method} ${path} in slot ${slot}`,
      cure: 'tsunicornctl requests: one path is a promise that never settles, all of them a slow dependency; --request-timeout bounds it',
    },
  ];
};

/** As the alert TsunicornErrors has it; of a few answers one alone is no share. */
const MANY = 5;
const MANY_SHARE = 0.05;

/** Answers that say that the service has failed. */
export const answers: Check = ({ service }) => {
  const recent = service.answers?.recent;
  if (recent === undefined) return [];
  const { all, failed, seconds } = recent;
  const count = [...failed.values()].reduce((sum, one) => sum + one, 0);
  if (count === 0) return fine('answers', 'none of the last minute has a status from 500 up');
  const statuses = [...failed].toSorted(([one], [other]) => one - other);
  const parts = statuses.map(([status, times]) => `${times} × ${status}`);
  return [
    {
      check: 'answers',
      severity: count >= MANY && count > all * MANY_SHARE ? 'warning' : 'notice',
      message: `${count} of the ${counted(all, 'answer')} of the last ${seconds} s are errors: ${parts.join(', ')}`,
      cure: 'the log of the application, and tsunicornctl logs --level warning: tsunicorn has a line for each that is its own',
    },
  ];
};

const MANY_CONNECTIONS = 50;
const MOST_OF_THEM = 0.8;

/** Connections that last, as WebSockets do, stay where they were opened. */
export const balance: Check = ({ status }) => {
  const rows = status.processes.filter(({ state }) => state === 'ready');
  const total = rows.reduce((sum, { connections }) => sum + (connections ?? 0), 0);
  const [fullest] = rows.toSorted((one, other) => (other.connections ?? 0) - (one.connections ?? 0));
  if (fullest === undefined || rows.length < 2 || total < MANY_CONNECTIONS) return [];
  const most = fullest.connections ?? 0;
  if (most < total * Math.max(MOST_OF_THEM, 1.5 / rows.length)) return [];
  return [
    {
      check: 'balance',
      severity: 'notice',
      message: `worker ${fullest.pid} in slot ${fullest.slot} has ${most} of ${total} connections: those that last, as WebSockets do, stay with the workers that were there when they came`,
      cure: `tsunicornctl restart ${fullest.slot}: its clients come back, and are spread`,
    },
  ];
};

/** What waits in the kernel. */
export const queues: Check = ({ service, status }) => {
  const found = status.listeners.flatMap(({ url, queue, limit, longestWaitMs }): Finding[] => {
    if (queue === null) return [];
    const share = queue / Math.max(1, limit);
    const waits = longestWaitMs === null ? '' : `, one for ${(longestWaitMs / 1000).toFixed(1)} s`;
    const message = `${counted(queue, 'connection')} of at most ${limit} wait at ${url}${waits}`;
    const cure =
      'tsunicornctl top: busy workers need more of them (scale), idle ones wait for something slow';
    if (share > HALF) return [{ check: 'queue', severity: 'critical', message, cure }];
    return (longestWaitMs ?? 0) >= 1000 ? [{ check: 'queue', severity: 'warning', message, cure }] : [];
  });
  const { backlog } = service.loaded().settings;
  const limit = status.listeners[0]?.limit ?? backlog;
  if (limit < backlog)
    found.push({
      check: 'backlog',
      severity: 'notice',
      message: `the kernel lets only ${limit} connections wait, and --backlog asks for ${backlog}`,
      cure: `sysctl net.core.somaxconn=${backlog}`,
    });
  return found.length === 0 ? fine('queue', 'no connection waits for long') : found;
};
