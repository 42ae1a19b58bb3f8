import type { IncomingHttpHeaders } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';

/** What a server of node:http2 emits `stream` with. */
export type StreamArguments = readonly [
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders & { readonly [name: `:${string}`]: string | undefined },
  flags: number,
  rawHeaders?: readonly string[],
];

// RFC 9113, 7
const NO_ERROR = 0;
const INTERNAL_ERROR = 2;

/**
 * A request of HTTP/2, with the part of IncomingMessage that observers and limits use. The program does not see it: its
 * listeners of `stream` get `args`, and those of `request` what node:http2 makes of them.
 */
export class StreamRequest {
  readonly httpVersion = '2.0';
  readonly httpVersionMajor = 2;
  readonly httpVersionMinor = 0;
  readonly method: string;
  /** Of CONNECT, which has no path, the authority. */
  readonly url: string;
  readonly args: StreamArguments;
  /** The socket of the connection, on which other requests may be under way. */
  readonly socket: Socket;

  constructor(args: StreamArguments, socket: Socket) {
    const [, headers] = args;
    this.args = args;
    this.socket = socket;
    this.method = headers[':method'] ?? '';
    this.url = headers[':path'] ?? headers[':authority'] ?? '';
  }

  get stream(): ServerHttp2Stream {
    return this.args[0];
  }

  get headers(): IncomingHttpHeaders {
    return this.args[1];
  }

  get rawHeaders(): readonly string[] {
    return this.args[3] ?? [];
  }

  /** Whether it has arrived whole, as far as it was read. */
  get complete(): boolean {
    const { stream } = this;
    return stream.endAfterHeaders || stream.readableEnded || stream.destroyed;
  }

  /** Whether its client has sent all of it, or more than was taken. */
  get hasArrived(): boolean {
    const { stream } = this;
    return this.complete || stream.readableLength > 0 || stream.state.remoteClose === 1;
  }

  get aborted(): boolean {
    return this.stream.aborted;
  }

  get errored(): Error | null {
    return this.stream.errored;
  }

  get destroyed(): boolean {
    return this.stream.destroyed;
  }

  /** Ends the stream, and not its connection. */
  destroy(): this {
    // A program that does not expect this need not listen for it.
    this.stream.on('error', () => {});
    resetStream(this.stream);
    return this;
  }
}

/** Ends a stream, so that its client sees that an answer which is under way is not whole. */
export function resetStream(stream: ServerHttp2Stream): void {
  // Node would first send the end of the stream, with which an answer that was cut looks whole.
  if (!stream.writableEnded) Reflect.set(stream, '_final', (done: () => void) => done());
  // RFC 9113, 8.1: after a whole answer the client is merely asked to send no more.
  stream.close(stream.writableFinished ? NO_ERROR : INTERNAL_ERROR);
}
