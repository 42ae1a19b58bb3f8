import type { CounterBlock } from './block.ts';
import {
  HANDSHAKE_OUTCOMES,
  type HandshakeOutcome,
  METHODS,
  PROTOCOLS,
  SCHEMES,
  workerFamilies,
} from './catalogue.ts';
import { noteExemplar, type Trace } from './exemplars.ts';
import { observe, placeFor, placeOf } from './layout.ts';
import { keyOf, NO_ANSWER } from './series.ts';

const METHOD_INDEX: ReadonlyMap<string, number> = new Map(METHODS.map((method, index) => [method, index]));
const OTHER_METHOD = METHODS.length - 1;
const PROTOCOL_INDEX: Readonly<Record<string, number>> = { '1.1': 0, '1.0': 1, '2.0': 2 };
const OTHER_PROTOCOL = PROTOCOLS.length - 1;
const ACTIVE = placeOf('http_server_active_requests');
const REQUEST_BODIES = placeOf('http_server_request_body_size_bytes');
const RESPONSE_BODIES = placeOf('http_server_response_body_size_bytes');
const HANDSHAKES = placeOf('tsunicorn_tls_handshakes_total');
const QUEUE = placeOf('tsunicorn_request_queue_seconds');
const CLIENT_LEFT = placeFor('tsunicorn_requests_cut_total', 'client_left') ?? 0;
const UNFINISHED = placeFor('tsunicorn_requests_cut_total', 'unfinished') ?? 0;
const REFUSED: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: 'too_large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'timeout',
  EDGE_EVICTED: 'timeout',
  EDGE_SLOW_BODY: 'timeout',
  EDGE_SLOW_START: 'timeout',
  EDGE_UNREAD: 'timeout',
  EDGE_LINE: 'too_large',
  EDGE_FIELDS: 'too_large',
  EDGE_FIELD_SIZE: 'too_large',
  EDGE_BODY: 'too_large',
  EDGE_METHOD: 'unsupported',
  EDGE_TUNNEL: 'unsupported',
  EDGE_EXPECTATION: 'unsupported',
  TLS_CLIENT: 'client_certificate',
  QUEUE_TIMEOUT: 'queue_timeout',
  QUEUE_FULL: 'queue_full',
};

/** Counts the requests of a worker. */
export class RequestCounter {
  readonly #block: CounterBlock;
  readonly #values: Float64Array;

  constructor(block: CounterBlock) {
    this.#block = block;
    this.#values = block.values;
  }

  /** A request has come. Returns what `ended` wants as `active`. */
  began(method: string, isEncrypted: boolean, contentLength: string | undefined): number {
    // GET is the first.
    const index = method === 'GET' ? 0 : (METHOD_INDEX.get(method) ?? OTHER_METHOD);
    const active = index * SCHEMES.length + (isEncrypted ? 1 : 0);
    this.#add(ACTIVE + active, 1);
    if (contentLength !== undefined) this.#body(REQUEST_BODIES, Number(contentLength) || 0);
    return active;
  }

  /** It is not answered at once: what is counted is seen by now. Most requests end sooner, and are seen with their end. */
  waits(nowMs?: number): void {
    this.#block.changed(nowMs);
  }

  /**
   * It is answered, or its connection has ended; the status is NO_ANSWER where there was none, and `nowMs` is of
   * performance.now(). With a trace it stands for the requests of its bucket.
   */
  ended(
    active: number,
    httpVersion: string,
    status: number,
    durationMs: number,
    nowMs?: number,
    trace: Trace | null = null,
  ): void {
    const protocol = httpVersion === '1.1' ? 0 : (PROTOCOL_INDEX[httpVersion] ?? OTHER_PROTOCOL);
    const { series } = this.#block;
    const at = series.place(keyOf(active >> 1, status, protocol, active & 1));
    const bucket = series.count(at, durationMs / 1000);
    if (trace !== null) {
      const hasFailed = status === NO_ANSWER || status >= 500;
      const place = { key: series.keyAt(at), bucket, hasFailed };
      noteExemplar(this.#values, place, trace, durationMs / 1000, Date.now());
    }
    this.#add(ACTIVE + active, -1);
    this.#block.changed(nowMs);
  }

  /** The client of a request that has ended did not get its whole answer. */
  cut(status: number): void {
    this.#add(status === NO_ANSWER ? CLIENT_LEFT : UNFINISHED, 1);
  }

  /** A request had waited for so long when it came. */
  queued(ms: number): void {
    observe(this.#values, QUEUE, workerFamilies.tsunicorn_request_queue_seconds.bounds, ms / 1000);
  }

  /** The body of an answer had so many bytes. */
  body(bytes: number): void {
    this.#body(RESPONSE_BODIES, bytes);
  }

  /** The server has answered something itself, for an error with this code, or for one of our own: QUEUE_TIMEOUT, QUEUE_FULL. */
  refused(code: string): void {
    const at = placeFor('tsunicorn_requests_refused_total', REFUSED[code] ?? 'malformed');
    if (at === undefined) return;
    this.#add(at, 1);
    this.#block.changed();
  }

  /** A handshake of TLS has ended. */
  handshake(outcome: HandshakeOutcome): void {
    this.#add(HANDSHAKES + HANDSHAKE_OUTCOMES.indexOf(outcome), 1);
    this.#block.changed();
  }

  #body(at: number, bytes: number): void {
    this.#add(at, bytes);
    this.#add(at + 1, 1);
  }

  #add(at: number, amount: number): void {
    this.#values[at] = (this.#values[at] ?? 0) + amount;
  }
}
