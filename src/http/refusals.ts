import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { codeOf, messageOf } from '../errors.ts';
import { plainAddress } from '../plain-address.ts';
import type { Connections } from './connections.ts';
import { judgeOverdue } from './overdue.ts';

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

/** What is said of a request that Node refuses: a line, and its fields. */
export type SayRefused = (
  line: string,
  fields: { readonly reason: string; readonly error: string; readonly client: string | null },
) => void;

/**
 * Answers what Node refuses before there is a request, as Node does, and has `say` told in one line: neither the
 * application nor the access log sees it, and the client's 431 would be a riddle.
 */
export function answerRefused(server: Server, connections: Connections, say: SayRefused): void {
  server.on('clientError', (error, duplex) => {
    // The engine is fed with sockets of node:net alone.
    const socket = duplex as Socket;
    const refuse = () => answer(error, socket, say);
    if (codeOf(error) === TOO_SLOW) judgeOverdue(server, connections, socket, refuse);
    else refuse();
  });
}

/** The same for an error that listeners of the application's own answer, which `hand` calls. */
export function handRefused(
  server: Server,
  connections: Connections,
  say: SayRefused,
): (error: Error, socket: Socket, hand: () => void) => void {
  return (error, socket, hand) => {
    const refuse = () => {
      sayRefused(error, socket, "by the application's own clientError listener", say);
      hand();
    };
    if (codeOf(error) === TOO_SLOW) judgeOverdue(server, connections, socket, refuse);
    else refuse();
  };
}

function answer(error: Error, socket: Socket, say: SayRefused): void {
  if (socket.writable && !hasBegun(socket)) {
    const status = STATUSES[codeOf(error) ?? ''] ?? '400 Bad Request';
    sayRefused(error, socket, `with ${status}`, say);
    socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
  }
  socket.destroy(error);
}

function sayRefused(error: Error, socket: Socket, how: string, say: SayRefused): void {
  const code = codeOf(error) ?? '';
  // A client that connects and waits has asked for nothing; a reset is no request either.
  if (socket.bytesRead === 0 || !/^HPE_|^ERR_HTTP_/.test(code)) return;
  const { remoteAddress } = socket;
  const client = remoteAddress === undefined ? null : plainAddress(remoteAddress);
  const reason = messageOf(error);
  say(`Refused a request of ${client ?? 'a Unix socket'} ${how}: ${reason} (${code})${CURES[code] ?? ''}`, {
    reason,
    error: code,
    client,
  });
}

/** Whether a part of an answer was sent, which more bytes would spoil. */
function hasBegun(socket: Socket): boolean {
  // Node's own name for the answer that has the socket; with pipelining no public one tells it.
  const current: Pick<ServerResponse, 'headersSent'> | null | undefined = Reflect.get(socket, '_httpMessage');
  return current?.headersSent === true;
}
