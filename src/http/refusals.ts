import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { AccessLog } from '../log/access-log.ts';
import { codeOf, messageOf } from '../support/errors.ts';
import { plainAddress } from '../support/plain-address.ts';
import { type Arrivals, judgeArrival } from './arrival.ts';

/** The code with which Node reports a head or a request that took too long to arrive. */
const TOO_SLOW = 'ERR_HTTP_REQUEST_TIMEOUT';

/** The codes of Node's errors, with the status that Node itself would answer. */
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

/** Logs a request that Node refuses: a message and its fields. */
export type SayRefused = (
  line: string,
  fields: { readonly reason: string; readonly error: string; readonly client: string | null },
) => void;

/**
 * Answers what Node refuses before there is a request, as Node does, and logs it with `say`. The application never sees
 * such a request, and the access log has only its status, so that nothing else would explain the client's 431.
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

/** Whether a request was refused. A client that has sent nothing has asked for nothing, and a reset is no request. */
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

/** The answer that is being written to the socket; nothing may be written into it once it has begun. */
function answerOn(socket: Socket): ServerResponse | null {
  // A private property of Node: with pipelining no public one tells which answer it is.
  return Reflect.get(socket, '_httpMessage') ?? null;
}
