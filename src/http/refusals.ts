import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { AccessLog } from '../log/access-log.ts';
import { codeOf, messageOf } from '../support/errors.ts';
import { plainAddress } from '../support/plain-address.ts';
import { type Arrivals, judgeArrival } from './arrival.ts';

/** Node's clock says it, of a head or a whole request. */
const TOO_SLOW = 'ERR_HTTP_REQUEST_TIMEOUT';

/** What Node's parser says of a request (or its clock), and the status that Node itself would answer with. */
const STATUSES: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  [TOO_SLOW]: '408 Request Timeout',
};

const CURES: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '; NODE_OPTIONS=--max-http-header-size=65536 allows larger ones',
};

/** What the access log gets of requests that Node refuses. */
type RefusalLog = Pick<AccessLog, 'answeredPast' | 'observeRefusal'>;

/** What is said of a request that Node refuses: a line, and its fields. */
export type SayRefused = (
  line: string,
  fields: { readonly reason: string; readonly error: string; readonly client: string | null },
) => void;

/**
 * Answers what Node refuses before there is a request, as Node does, and has `say` told in one line: the application
 * does not see it, and the client's 431 would be a riddle. The access log has no more than the status.
 */
export function answerRefused(
  arrivals: Arrivals,
  say: SayRefused,
  accessLog: RefusalLog | null = null,
): void {
  arrivals.server.on('clientError', (error, duplex) => {
    // The engine is fed with sockets of node:net alone.
    const socket = duplex as Socket;
    const refuse = () => answer(error, socket, say, accessLog);
    if (codeOf(error) === TOO_SLOW) judgeArrival(arrivals, socket, refuse);
    else refuse();
  });
}

/** The same for an error that listeners of the application's own answer, which `hand` calls. */
export function handRefused(
  arrivals: Arrivals,
  say: SayRefused,
  accessLog: RefusalLog | null = null,
): (error: Error, socket: Socket, hand: () => void) => void {
  return (error, socket, hand) => {
    const refuse = () => {
      if (isRefusal(error, socket) && answerOn(socket) === null) accessLog?.observeRefusal(socket);
      sayRefused(error, socket, "by the application's own clientError listener", say);
      hand();
    };
    if (codeOf(error) === TOO_SLOW) judgeArrival(arrivals, socket, refuse);
    else refuse();
  };
}

function answer(error: Error, socket: Socket, say: SayRefused, accessLog: RefusalLog | null): void {
  const current = answerOn(socket);
  if (socket.writable && current?.headersSent !== true) {
    const status = STATUSES[codeOf(error) ?? ''] ?? '400 Bad Request';
    if (isRefusal(error, socket)) accessLog?.answeredPast(Number.parseInt(status, 10), current, socket);
    sayRefused(error, socket, `with ${status}`, say);
    socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
  }
  socket.destroy(error);
}

/** A client that connects and waits has asked for nothing; a reset is no request either. */
function isRefusal(error: Error, socket: Socket): boolean {
  return socket.bytesRead > 0 && /^HPE_|^ERR_HTTP_/.test(codeOf(error) ?? '');
}

function sayRefused(error: Error, socket: Socket, how: string, say: SayRefused): void {
  if (!isRefusal(error, socket)) return;
  const code = codeOf(error) ?? '';
  const { remoteAddress } = socket;
  const client = remoteAddress === undefined ? null : plainAddress(remoteAddress);
  const reason = messageOf(error);
  say(`Refused a request of ${client ?? 'a Unix socket'} ${how}: ${reason} (${code})${CURES[code] ?? ''}`, {
    reason,
    error: code,
    client,
  });
}

/** The answer that has the socket; more bytes would spoil one that has begun. */
function answerOn(socket: Socket): ServerResponse | null {
  // Node's own name for it; with pipelining no public one tells it.
  return Reflect.get(socket, '_httpMessage') ?? null;
}
