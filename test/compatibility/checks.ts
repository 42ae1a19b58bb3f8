import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { refused } from '../support/client.ts';
import { deadlineMs } from '../support/patience.ts';
import { clientOf, Reading } from './client.ts';
import { type Load, startLoad } from './load.ts';
import { reasonOf, type Subject } from './subject.ts';

const CLIENTS = 4;
const RELOADS = 2;

/** Throws unless the application answers. */
export async function answers({ fixture, origin }: Subject): Promise<void> {
  const client = clientOf(fixture.protocol, origin, true);
  try {
    for (let count = 0; count < 3; count++) {
      const { status, body } = await inTime(client.ask(fixture.hello), 'an answer');
      const text = await inTime(new Reading(body).whole, 'the end of an answer');
      if (status !== 200 || !text.includes('hello'))
        throw new Error(`it answers ${status} ${text.slice(0, 80)}`);
    }
  } finally {
    client.close();
  }
}

/** Throws unless the first part of an answer comes before its last is known. */
export async function streams(subject: Subject): Promise<void> {
  await using answer = await begin(subject);
  await answer.finish();
}

/** Throws unless the application is told that a client has left. */
export async function tellsOfLeaving(subject: Subject): Promise<void> {
  await using answer = await begin(subject);
  answer.leave();
  await appears(subject, `${answer.until}.left`, 'the application to learn that its client has left');
}

/** Throws if a request fails while the service is reloaded. */
export async function reloads(subject: Subject): Promise<void> {
  const load = startLoad(subject.fixture, subject.origin, CLIENTS);
  await reloadUnder(load, subject).finally(() => load.stop());
  const { answered, failures } = await load.stop();
  const [first] = failures;
  if (first !== undefined)
    throw new Error(`${failures.length} of ${answered + failures.length} requests failed: ${first}`);
}

async function reloadUnder(load: Load, { running }: Subject): Promise<void> {
  for (let count = 0; count < RELOADS; count++) {
    const before = load.answered();
    await running.waitFor(() => load.answered() > before + 20, 'answers');
    const old = running.workers();
    const seen = running.stderr.length;
    running.signal('SIGHUP');
    const [line] = await running.waitForLog(/Generation \d+ is ready|Reload (refused|undone).*/, seen);
    if (line.startsWith('Reload')) throw new Error(line);
    await running.waitFor(() => {
      const now = running.workers();
      return now.length === old.length && !now.some((pid) => old.includes(pid));
    }, 'the old workers to be gone');
  }
}

/** TERM while an answer is on its way: throws unless it ends complete, and the service with status 0. */
export async function stops(subject: Subject): Promise<void> {
  const { running, origin } = subject;
  await using answer = await begin(subject);
  running.signal('SIGTERM');
  await refused(origin);
  await answer.finish();
  await ended(subject);
}

/** Throws unless TERM ends the service with status 0, and nothing was logged as an error. */
export async function endsQuietly(subject: Subject): Promise<void> {
  subject.running.signal('SIGTERM');
  await ended(subject);
}

async function ended({ running }: Subject): Promise<void> {
  const { status } = await running.end();
  if (status !== 0) throw new Error(`it ended with status ${status}`);
  const error = reasonOf(running.stderr);
  if (error !== null) throw new Error(`it logged: ${error}`);
}

/** A WebSocket that is open; `closed` resolves with the code of its end. */
export interface OpenSocket {
  readonly closed: Promise<number>;
}

/** Opens a WebSocket at this path. */
export async function openSocket(origin: string, path: string): Promise<OpenSocket> {
  const socket = new WebSocket(new URL(path, origin.replace('http', 'ws')));
  const closed = new Promise<number>((resolve) => {
    socket.addEventListener('close', ({ code }) => resolve(code));
  });
  const opened = new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', () => reject(new Error('the WebSocket could not be opened')));
  });
  await inTime(opened, 'the WebSocket to open');
  return { closed };
}

/** Throws unless the WebSocket is closed with this code. */
export async function wasClosedWith({ closed }: OpenSocket, wanted: number): Promise<void> {
  const code = await inTime(closed, 'the WebSocket to be closed');
  if (code !== wanted) throw new Error(`it was closed with ${code}`);
}

/** An answer that has begun. */
interface Begun extends AsyncDisposable {
  readonly until: string;
  /** Lets the application send the rest; throws unless it comes. */
  finish(): Promise<void>;
  leave(): void;
}

async function begin(subject: Subject): Promise<Begun> {
  const { fixture, origin, newFile } = subject;
  const until = newFile();
  const client = clientOf(fixture.protocol, origin, false);
  const asked = client
    .ask(fixture.stream(until))
    .then(({ status, body }) => ({ status, reading: new Reading(body) }));
  asked.catch(() => {});
  const end = () => {
    writeFileSync(until, '');
    client.close();
  };
  try {
    if (fixture.streams)
      await inTime(
        asked.then(({ reading }) => reading.has('first')),
        'the first part of an answer',
      );
    await appears(subject, `${until}.began`, 'the application to begin an answer');
  } catch (error) {
    end();
    throw error;
  }
  return {
    until,
    async finish() {
      writeFileSync(until, '');
      const { status, reading } = await inTime(asked, 'an answer');
      const text = await inTime(reading.whole, 'the end of an answer');
      if (status !== 200 || !text.includes('last'))
        throw new Error(`the answer ended early: ${status} ${text}`);
    },
    leave: () => client.close(),
    [Symbol.asyncDispose]: async () => end(),
  };
}

function appears({ running }: Subject, file: string, what: string): Promise<true> {
  return running.waitFor(() => existsSync(file), what);
}

/** Rejects when it takes too long. */
async function inTime<Value>(promise: Promise<Value>, what: string): Promise<Value> {
  const limitMs = deadlineMs();
  const over = new AbortController();
  const late = pause(limitMs, undefined, { signal: over.signal }).then(() => {
    throw new Error(`waited ${limitMs} ms for ${what}`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    over.abort();
    late.catch(() => {});
  }
}
