import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Arrival } from './arrivals.ts';

/** Sends one request; resolves with its status once the whole answer has come. */
export type Send = (path: string) => Promise<number>;

/** One request of an open loop: from when it was due until it was answered. Infinity where it failed. */
export interface Timed {
  readonly path: string;
  readonly ms: number;
}

const GIVE_UP_MS = 10_000;

/** A sender over `connections` kept connections, or, where that is 0, over one connection a request. */
export function sender(
  url: string,
  connections: number,
  headers: Readonly<Record<string, string>> = {},
): Send {
  const agent = connections === 0 ? false : new Agent({ keepAlive: true, maxSockets: connections });
  return (path) =>
    new Promise((resolve, reject) => {
      const options = { agent, headers, timeout: GIVE_UP_MS };
      const request = get(new URL(path, url), options, (response) => {
        response.once('error', reject).once('end', () => resolve(response.statusCode ?? 0));
        response.resume();
      });
      request.once('timeout', () => request.destroy(new Error(`no answer within ${GIVE_UP_MS} ms`)));
      request.once('error', reject);
    });
}

/** `clients` that each send their next request when the one before is answered; returns answers a second. */
export async function closedLoop(
  clients: number,
  seconds: number,
  send: () => Promise<number>,
): Promise<number> {
  const started = performance.now();
  const isOver = () => performance.now() - started >= seconds * 1000;
  let answered = 0;
  const client = async () => {
    while (!isOver()) {
      const status = await send();
      if (status !== 200) throw new Error(`a request was answered with ${status}`);
      // What ends after the bell would count time that the bell cut off.
      if (!isOver()) answered += 1;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return answered / seconds;
}

/**
 * Sends each request when it is due, whatever became of those before: waiting for them would hide the queue. What is not
 * answered within 10 s after the last was due counts as failed: those that wait for a connection have no limit of their own.
 */
export async function openLoop(
  arrivals: readonly Arrival[],
  send: Send,
  expected: number,
): Promise<readonly Timed[]> {
  const started = performance.now();
  const timed = async ({ path, atMs }: Arrival): Promise<Timed> => {
    try {
      const status = await send(path);
      return { path, ms: status === expected ? performance.now() - started - atMs : Infinity };
    } catch {
      // Refused, reset or too late: whatever it was, there was no answer.
      return { path, ms: Infinity };
    }
  };
  const sent: Promise<Timed>[] = [];
  for (const arrival of arrivals) {
    const waitMs = started + arrival.atMs - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    sent.push(timed(arrival));
  }
  const over = new AbortController();
  const late = sleep(GIVE_UP_MS, null, { signal: over.signal }).catch(() => null);
  const all = sent.map(async (one, index) => {
    const path = arrivals[index]?.path ?? '';
    return (await Promise.race([one, late])) ?? { path, ms: Infinity };
  });
  return Promise.all(all).finally(() => over.abort());
}
