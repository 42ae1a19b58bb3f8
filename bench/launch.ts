import type { ChildProcess } from 'node:child_process';
import http from 'node:http';
import https from 'node:https';
import type { Candidate } from './candidate.ts';
import type { Processes } from './processes.ts';

/** A candidate that runs: `pid` is the root of its process tree. */
export interface Launched {
  readonly candidate: Candidate;
  readonly child: ChildProcess;
  readonly pid: number;
  readonly url: string;
}

const announceWithinMs = 10_000;

/** Resolves with the first loopback URL that the child prints, at once; rejects with what it said where there is none. */
export function announcedUrl(name: string, child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const fail = (why: string): void => reject(new Error(`${name}: ${why}\n${said.trim()}`));
    const timer = setTimeout(fail, announceWithinMs, 'announced no address within 10 s');
    const read = (text: string): void => {
      said = (said + text).slice(-4000);
      const url = /https?:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve(`${url}/`);
    };
    // Both stay open and flowing: a full pipe would block the server.
    child.stdout?.setEncoding('utf8').on('data', read);
    child.stderr?.setEncoding('utf8').on('data', read);
    child.once('error', (error) => fail(error.message));
    child.once('exit', (status, signal) => {
      clearTimeout(timer);
      fail(`ended with ${status ?? signal} before it listened`);
    });
  });
}

/** Starts a candidate and waits until it has announced its address. */
export async function launch(candidate: Candidate, processes: Processes): Promise<Launched> {
  const child = processes.start(candidate.command);
  const url = await announcedUrl(candidate.name, child);
  if (child.pid === undefined) throw new Error(`${candidate.name}: has no process id`);
  return { candidate, child, pid: child.pid, url };
}

/** One answer: its status, body and headers, or those of the given names, as text that can be compared. */
export function answerOf(url: string, only: readonly string[] | null): Promise<string> {
  return new Promise((resolve, reject) => {
    const { get } = url.startsWith('https:') ? https : http;
    const request = get(
      url,
      { agent: false, headers: { connection: 'keep-alive' }, timeout: 10_000, rejectUnauthorized: false },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        response.once('end', () => resolve(describe(response.statusCode, response.headers, body, only)));
      },
    );
    request.once('timeout', () => request.destroy(new Error(`${url} gave no answer within 10 s`)));
    request.once('error', reject);
  });
}

function describe(
  status: number | undefined,
  headers: NodeJS.Dict<string | string[]>,
  body: string,
  only: readonly string[] | null,
): string {
  const lines = Object.entries(headers)
    .filter(([name]) => name !== 'date' && (only?.includes(name) ?? true))
    .map(([name, value]) => `${name}: ${value}`)
    .sort();
  return [status, ...lines, JSON.stringify(body)].join('\n');
}

/**
 * Asks each candidate once and throws where the answers differ: then their costs could not be compared. Of the headers
 * only those of `headers` count, if they are given.
 */
export async function checkSameAnswer(
  launched: readonly Launched[],
  headers: readonly string[] | null,
): Promise<void> {
  const [first, ...others] = launched;
  if (first === undefined) return;
  const expected = await answerOf(first.url, headers);
  for (const other of others) {
    const answer = await answerOf(other.url, headers);
    if (answer === expected) continue;
    throw new Error(
      `${other.candidate.name} answers\n${answer}\nbut ${first.candidate.name} answers\n${expected}`,
    );
  }
}
