import type { IncomingMessage } from 'node:http';
import { tellOrigin } from '../../../src/support/origin.ts';
import { REPORT_AT, type RequestMessage } from './messages.ts';
import { hear, type ThreadSocket } from './socket.ts';

/** A request inside a thread: Node's own IncomingMessage, fed by messages. */
export interface Incoming {
  readonly request: IncomingMessage;
  /** The handler has been called: as in Node, what has come with the head is read from then on. */
  called(): void;
  chunk(data: Uint8Array | string): void;
  end(rawTrailers: readonly string[]): void;
}

/** What Node's parser says of a request as well. */
type ServerRequest = IncomingMessage & { upgrade: boolean; joinDuplicateHeaders: boolean | null };

/** `_dumped` says that nobody reads the body any more, since the answer has been sent. */
type Dumpable = IncomingMessage & { readonly _dumped: boolean };

/** Makes the request; `taken` is told of bytes of its body that the application has taken. */
export function createIncoming(
  message: RequestMessage,
  socket: ThreadSocket,
  taken: (bytes: number) => void,
): Incoming {
  const { IncomingMessage } = process.getBuiltinModule('node:http');
  const request = new IncomingMessage(socket) as ServerRequest;
  const [major, minor] = message.httpVersion.split('.');
  request.httpVersion = message.httpVersion;
  request.httpVersionMajor = Number(major);
  request.httpVersionMinor = Number(minor);
  request.method = message.method;
  request.url = message.url;
  request.upgrade = false;
  if (message.origin !== null) tellOrigin(request, message.origin);
  request.joinDuplicateHeaders = null;
  addLines(request, message.rawHeaders);
  if (message.body !== 'streams') return whole(request, message.body);
  return streaming(request, socket, taken);
}

/** What Node's parser calls: `headers` is made of the lines when somebody asks, and `trailers` once it is complete. */
function addLines(request: IncomingMessage, lines: readonly string[]): void {
  type Internals = IncomingMessage & { _addHeaderLines(lines: readonly string[], count: number): void };
  (request as Internals)._addHeaderLines(lines, lines.length);
}

function whole(request: IncomingMessage, body: Uint8Array | null): Incoming {
  return {
    request,
    called() {
      if (body !== null && !(request as Dumpable)._dumped) request.push(bufferOf(body));
      request.complete = true;
      request.push(null);
    },
    chunk: () => {},
    end: () => {},
  };
}

function streaming(request: IncomingMessage, socket: ThreadSocket, taken: (bytes: number) => void): Incoming {
  let owed = 0;
  const report = () => {
    if (owed > 0) taken(owed);
    owed = 0;
  };
  // Called when the buffer has room again. Node's own would resume the socket.
  request._read = report;
  return {
    request,
    called: () => {},
    chunk(data) {
      owed += data.length;
      hear(socket, data.length);
      if (request.push(bufferOf(data)) && owed >= REPORT_AT) report();
    },
    end(rawTrailers) {
      request.complete = true;
      addLines(request, rawTrailers);
      request.push(null);
    },
  };
}

function bufferOf(data: Uint8Array | string): Buffer {
  return typeof data === 'string'
    ? Buffer.from(data)
    : Buffer.from(data.buffer, data.byteOffset, data.length);
}
