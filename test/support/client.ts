import http, { type IncomingHttpHeaders } from 'node:http';
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { addressOf } from './load.ts';
import { deadlineMs } from './patience.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One request, over a connection of its own unless an agent is given; rejects with the system error. */
export function get(url: string, path = '/', agent: http.Agent | false = false): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = http.get({ ...addressOf(url), path, agent }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => (body += text));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    });
    sent.on('error', reject);
  });
}

/** Loops that run beside the test. One that fails is told where all of them are awaited, and to nobody where the test failed before. */
export function beside(loops: readonly Promise<unknown>[]): Promise<unknown> {
  const all = Promise.all(loops);
  all.catch(() => {});
  return all;
}

/** The code of the error that a request ends with, or its status. */
export function outcome(request: Promise<Answer>): Promise<string> {
  return request.then(
    ({ status }) => `${status}`,
    (error: NodeJS.ErrnoException) => error.code ?? error.message,
  );
}

/** Connects again and again until nobody listens there any more. */
export async function refused(url: string): Promise<void> {
  const inTime = deadline(`${url} to refuse connections`);
  while (await accepts(url)) {
    inTime();
    await pause(30);
  }
}

/** Asks until that many workers of an application that answers with its pid have answered. Returns their pids. */
export async function pidsThatAnswer(url: string, count: number): Promise<ReadonlySet<number>> {
  const pids = new Set<number>();
  const inTime = deadline(`${count} workers to answer`);
  while (pids.size < count) {
    inTime();
    // Many at once: a worker that is busy with one leaves the next to another.
    const answers = await Promise.all(Array.from({ length: 16 }, () => get(url)));
    for (const { body } of answers) pids.add(Number(body));
  }
  return pids;
}

/** Returns a function that throws once it is too late. */
function deadline(what: string): () => void {
  const limitMs = deadlineMs();
  const until = performance.now() + limitMs;
  return () => {
    if (performance.now() > until) throw new Error(`waited ${limitMs} ms for ${what}`);
  };
}

function accepts(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(addressOf(url));
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
