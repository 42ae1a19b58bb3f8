import type { IncomingMessage } from 'node:http';
import type { FullStatus } from '../control/routes/status.ts';
import { codeOf, messageOf } from '../support/errors.ts';
import { Failure, STATUS } from './failure.ts';

/** A status as JSON carries it: times are text. */
export type Jsoned<Value> = Value extends Date
  ? string
  : Value extends object
    ? { readonly [Key in keyof Value]: Jsoned<Value[Key]> }
    : Value;

export type StatusAnswer = Jsoned<FullStatus>;

/** An arbiter answers at once, unless it is stopped or a hook blocks it. */
const PATIENCE_MS = 10_000;

type Method = 'GET' | 'POST';

interface Ask {
  readonly signal?: AbortSignal;
  /** Called with each object but the last of an answer of several lines. */
  readonly heard?: (line: Readonly<Record<string, unknown>>) => void;
  /** How long the answer may take to begin; 10 s by default. */
  readonly patienceMs?: number;
}

/** The control socket of one service. */
export class Client {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** The answer to a question. Rejects with a Failure that says what the service said. */
  get<Answer = Readonly<Record<string, unknown>>>(path: string, ask: Ask = {}): Promise<Answer> {
    return this.#ask('GET', path, ask) as Promise<Answer>;
  }

  /** The answer to a command. Rejects with a Failure that says why it was refused. */
  post<Answer = Readonly<Record<string, unknown>>>(path: string, ask: Ask = {}): Promise<Answer> {
    return this.#ask('POST', path, ask) as Promise<Answer>;
  }

  status(ask: Ask = {}): Promise<StatusAnswer> {
    return this.get<StatusAnswer>('/v1/status', ask);
  }

  async #ask(method: Method, path: string, ask: Ask): Promise<unknown> {
    const response = await this.#request(method, path, ask);
    const last = await lastOf(response, ask.heard ?? (() => {})).catch((error: unknown) => {
      if (ask.signal?.aborted) throw error;
      throw this.#unanswered(error);
    });
    if ('error' in last) throw new Failure(STATUS.refused, String(last.error));
    return last;
  }

  #request(
    method: Method,
    path: string,
    { signal, patienceMs = PATIENCE_MS }: Ask,
  ): Promise<IncomingMessage> {
    const http = process.getBuiltinModule('node:http');
    return new Promise((resolve, reject) => {
      const request = http.request({
        ...{ socketPath: this.path, method, path, agent: false },
        headers: { Host: 'control', ...(method === 'POST' ? { 'Content-Length': '0' } : {}) },
        ...(signal ? { signal } : {}),
      });
      const timer = setTimeout(
        () => request.destroy(new Error(`no answer within ${patienceMs / 1000} s`)),
        patienceMs,
      );
      request.once('response', (response) => {
        clearTimeout(timer);
        resolve(response);
      });
      request.once('error', (error) => {
        clearTimeout(timer);
        reject(signal?.aborted ? error : this.#unanswered(error));
      });
      request.end();
    });
  }

  #unanswered(error: unknown): Failure {
    const code = codeOf(error) ?? '';
    const why = CAUSES[code] ?? messageOf(error);
    return new Failure(STATUS.noService, `${this.path}: ${why}`);
  }
}

const CAUSES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such socket; is the service running?',
  ECONNREFUSED: 'nobody listens there; the service has ended',
  ENOTSOCK: 'this is no socket',
  EACCES: 'permission denied; the socket is for the user of the arbiter',
  ECONNRESET: 'the service ended before it had answered',
};

type Line = Readonly<Record<string, unknown>>;

/** The last object of the answer; each one before it is told. */
async function lastOf(response: IncomingMessage, heard: (line: Line) => void): Promise<Line> {
  let unfinished = '';
  let last: Line | null = null;
  const take = (text: string) => {
    if (text === '') return;
    const line = parse(text);
    if (last !== null) heard(last);
    last = line;
  };
  response.setEncoding('utf8');
  const isStream = /ndjson/.test(response.headers['content-type'] ?? '');
  for await (const part of response) {
    const lines = `${unfinished}${part}`.split('\n');
    unfinished = lines.pop() ?? '';
    for (const line of lines) take(line);
    // What happens now is told now: of a stream the last line is told apart by what it says.
    if (isStream && last !== null && !('schema' in last)) {
      heard(last);
      last = null;
    }
  }
  take(unfinished);
  if (last === null) throw new Error('the service ended before it had answered');
  return last;
}

function parse(text: string): Line {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Line;
  } catch {
    // As below.
  }
  throw new Error('this is no control socket of tsunicorn');
}
