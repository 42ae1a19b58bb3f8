import { existsSync, readFileSync } from 'node:fs';
import { CORPORA } from '../corpora.ts';
import { exchange, statusesIn, type Tried } from './suite.ts';

/** llhttp's own cases, where they are. */
const FILE = `${CORPORA}/llhttp-requests.json`;

interface Sample {
  readonly name: string;
  /** How many requests llhttp parses to their end. */
  readonly complete: number;
  /** Its number and text; `22` pauses for another protocol. */
  readonly error: readonly [string, string] | null;
  readonly latin1: string;
}

const PAUSED = '22';

/** For a parser that has been told that no request has a body. */
const WITHOUT_BODY = 'content-length/Content-Length reset when no body is received';

/** Empty where they are not. */
export const ofLlhttp: readonly Sample[] = (existsSync(FILE) ? read() : []).filter(
  ({ name }) => name !== WITHOUT_BODY,
);

function read(): readonly Sample[] {
  return JSON.parse(readFileSync(FILE, 'utf8'));
}

/** The names of those that are answered in another way than llhttp lets one expect. */
export async function unlikeLlhttp(tried: Tried, samples: readonly Sample[]): Promise<readonly string[]> {
  const judged = await Promise.all(
    samples.map(async (sample) => ((await isAsExpected(tried, sample)) ? [] : [sample.name])),
  );
  return judged.flat();
}

async function isAsExpected(
  { url, keepsConnections }: Tried,
  { complete, error, latin1 }: Sample,
): Promise<boolean> {
  const isWhole = complete > 0 && (error === null || error[0] === PAUSED);
  const bytes = withHost(latin1);
  // One that is not whole is waited for until its client ends.
  const text = await exchange(url, isWhole ? bytes + END : bytes, isWhole ? 'waits' : 'ends');
  const statuses = statusesIn(text);
  const answered = statuses.filter((status) => status >= 200 && status < 300).length;
  if (!isWhole) return answered <= complete;
  if (!keepsConnections) return answered === 1;
  return answered === complete || answered === complete + 1;
}

/** Most have no Host, which llhttp does not ask for. */
function withHost(bytes: string): string {
  return /\r\nHost:/i.test(bytes) ? bytes : bytes.replaceAll(/ (HTTP\/1\.[01])\r\n/g, ' $1\r\nHost: x\r\n');
}

const END = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
