import { existsSync, readFileSync } from 'node:fs';
import { CORPORA } from '../support/corpora.ts';
import { rawCases } from '../support/raw/index.ts';

/** Larger ones would take the time of many. */
const MOST_BYTES = 4096;

interface Collected {
  readonly valid?: boolean;
  readonly expected?: string;
  readonly error?: unknown;
  readonly complete?: number;
  readonly latin1: string;
}

/** Requests that are valid, in a fixed order: of this project, and of the collections of others where those are. */
export function validRequests(): readonly string[] {
  const ours = rawCases.filter(({ status }) => status === 2).map(({ bytes }) => bytes);
  const theirs = ['gunicorn-requests', 'http11probe', 'llhttp-requests'].flatMap(collected).filter(isValid);
  return [...ours, ...theirs.map(({ latin1 }) => latin1)].filter(({ length }) => length <= MOST_BYTES);
}

function collected(name: string): readonly Collected[] {
  const file = `${CORPORA}/${name}.json`;
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
}

function isValid({ valid, expected, error, complete = 0 }: Collected): boolean {
  return valid === true || expected?.startsWith('2xx') === true || (error === null && complete > 0);
}
