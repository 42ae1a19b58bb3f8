import type { RecordLog } from '../log/records.ts';
import type { Controlled } from './controlled.ts';

/** The version of what the control socket answers: it rises when a field changes its meaning or goes. */
export const SCHEMA = 1;

/** A request that is not done: the client gets the status and the message. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  /** 400 what was asked is wrong; 404 there is no such thing; 409 not in the present state. */
  readonly status: 400 | 404 | 409 | 503;

  constructor(status: Refusal['status'], message: string) {
    super(message);
    this.status = status;
  }
}

/** What was asked. */
export interface Asked {
  /** The parts of the path that a route names with a colon. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
  readonly log: RecordLog;
  /** Answers by one JSON object a line, as it happens, in place of one object. */
  readonly stream: () => Lines;
}

/** An answer of several lines. What a client does not read is dropped beyond a bound. */
export interface Lines {
  /** Returns false where the line is dropped. */
  send(line: object): boolean;
}

/** One thing that can be asked at the control socket. */
export interface Route {
  readonly method: 'GET' | 'POST';
  /** As `/v1/workers/:slot`. */
  readonly path: string;
  /** A sentence for the documentation. */
  readonly doc: string;
  /** Returns the answer, to which its version is added; what it throws is told to the client. */
  readonly handle: (asked: Asked, service: Controlled) => object | Promise<object>;
}
