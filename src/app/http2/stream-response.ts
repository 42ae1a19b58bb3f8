import type { OutgoingHttpHeader, OutgoingHttpHeaders } from 'node:http';
import type { StreamRequest } from './stream-request.ts';

type Send = (...args: unknown[]) => unknown;
type Listener = (...args: never[]) => void;

/**
 * The answer to a StreamRequest, with the part of ServerResponse that observers and limits use. What the program writes to
 * the stream goes through its `write` and `end`, which observers may replace. What is set on it (a status, headers) is an
 * answer of our own, in place of the program's.
 */
export class StreamResponse {
  readonly req: StreamRequest;
  /** Nothing can be written past the stream. */
  readonly socket = null;
  #writes = 0;
  #status = 200;
  #headers: OutgoingHttpHeaders | null = null;
  readonly #write: Send;
  readonly #end: Send;

  constructor(req: StreamRequest) {
    const { stream } = req;
    this.req = req;
    this.#write = stream.write as Send;
    this.#end = stream.end as Send;
    stream.write = (...args: unknown[]) => this.write(...args) as boolean;
    stream.end = (...args: unknown[]) => this.end(...args) as typeof stream;
  }

  /** How many times a part of its body was written. */
  get writes(): number {
    return this.#writes;
  }

  get headersSent(): boolean {
    return this.req.stream.headersSent;
  }

  get statusCode(): number {
    return Number(this.req.stream.sentHeaders?.[':status'] ?? this.#status);
  }

  set statusCode(status: number) {
    this.#status = status;
    this.#headers ??= {};
  }

  get writableEnded(): boolean {
    const { stream, method } = this.req;
    // Node ends the stream of a HEAD request before it has an answer.
    return stream.writableEnded && (stream.headersSent || method !== 'HEAD');
  }

  /** Whether the client has got all of it. */
  get writableFinished(): boolean {
    const { stream } = this.req;
    return stream.closed && stream.writableFinished && !stream.aborted && stream.rstCode === 0;
  }

  get writableLength(): number {
    return this.req.stream.writableLength;
  }

  get closed(): boolean {
    return this.req.stream.closed;
  }

  get destroyed(): boolean {
    return this.req.stream.destroyed;
  }

  get errored(): Error | null {
    return this.req.stream.errored;
  }

  getHeader(name: string): OutgoingHttpHeader | undefined {
    return (this.req.stream.sentHeaders ?? this.#headers)?.[name.toLowerCase()];
  }

  getHeaderNames(): readonly string[] {
    return Object.keys(this.#headers ?? {});
  }

  setHeader(name: string, value: OutgoingHttpHeader): this {
    this.#headers ??= {};
    // RFC 9113, 8.2.2: it would make the message malformed.
    if (!/^connection$/i.test(name)) this.#headers[name.toLowerCase()] = value;
    return this;
  }

  removeHeader(name: string): void {
    Reflect.deleteProperty(this.#headers ?? {}, name.toLowerCase());
  }

  writeHead(status: number, headers: OutgoingHttpHeaders): this {
    this.statusCode = status;
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) this.setHeader(name, value);
    return this;
  }

  write(...args: unknown[]): unknown {
    this.#writes++;
    return Reflect.apply(this.#write, this.req.stream, args);
  }

  end(...args: unknown[]): unknown {
    const { stream } = this.req;
    if (this.#headers !== null && !stream.headersSent) this.#respond(this.#headers);
    // After an answer without a body, and of one that ended already, there is nothing to end.
    if (this.#headers !== null && stream.writableEnded) return stream;
    return Reflect.apply(this.#end, stream, args);
  }

  #respond(headers: OutgoingHttpHeaders): void {
    const { stream } = this.req;
    if (stream.destroyed || stream.closed) return;
    // The program does not know of this answer and may write its own, which must not end the process.
    stream.on('error', () => {});
    stream.respond({ ...headers, ':status': this.#status });
  }

  /** Ends the stream, so that the client sees that the answer is not whole. */
  destroy(): this {
    this.req.destroy();
    return this;
  }

  on(event: string, listener: Listener): this {
    this.req.stream.on(event, listener as () => void);
    return this;
  }

  once(event: string, listener: Listener): this {
    this.req.stream.once(event, listener as () => void);
    return this;
  }

  off(event: string, listener: Listener): this {
    this.req.stream.off(event, listener as () => void);
    return this;
  }

  listenerCount(event: string): number {
    return this.req.stream.listenerCount(event);
  }
}
