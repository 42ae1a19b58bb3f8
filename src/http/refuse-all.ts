import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { StalledRequest } from '../process/ipc/blocks.ts';
import type { Connections } from './connections.ts';
import { requestField } from './request-name.ts';

/**
 * Lists the requests in flight and answers with 503 those of whose answer no byte was sent, as well as connections
 * from which nothing was read yet. Uses only what works while the event loop is blocked: a socket that has nothing
 * to send hands its bytes to the kernel at once. `unread` counts the latter connections;
 * `answered` is called for each 503.
 */
export function refuseAll(
  connections: Connections,
  answered: (status: number, response: ServerResponse | null, socket: Socket) => void = () => {},
): { requests: StalledRequest[]; unread: number } {
  const now = performance.now();
  const requests = connections.requests().map(({ response, sinceMs }): StalledRequest => {
    return { ...requestField(response.req), ageMs: now - sinceMs, got: attempt(response, answered) };
  });
  return { requests, unread: refuseUnread(connections, answered) };
}

type Answered = Parameters<typeof refuseAll>[1] & {};

function refuseUnread(connections: Connections, answered: Answered): number {
  try {
    const unread = connections.unread();
    for (const socket of unread) {
      socket.write(refusal(true));
      answered(503, null, socket);
    }
    return unread.length;
  } catch {
    // As in attempt().
    return 0;
  }
}

function attempt(response: ServerResponse, answered: Answered): StalledRequest['got'] {
  try {
    const got = refuse(response);
    if (got === '503' && response.socket) answered(503, response, response.socket);
    return got;
  } catch {
    // The event loop was stopped in the middle of a write to this very socket, whose state then cannot be read. The
    // other requests are still answered.
    return 'nothing';
  }
}

function refuse(response: ServerResponse): StalledRequest['got'] {
  // A stream sends nothing before the event loop goes on.
  if (response.req.httpVersionMajor > 1) return response.headersSent ? 'part' : 'cut';
  const { socket } = response;
  if (socket === null) return 'nothing';
  // Headers may be formatted but not sent. Only on a connection's first answer does bytesWritten show that.
  const untouched = socket.bytesWritten === 0 || !response.headersSent;
  if (!untouched || !isIdle(socket)) return 'part';
  socket.write(refusal(response.req.method !== 'HEAD'));
  return '503';
}

function isIdle(socket: Socket): boolean {
  return socket.writable && socket.writableLength === 0 && socket.writableCorked === 0;
}

function refusal(withBody: boolean): string {
  const body = 'Service Unavailable\n';
  const head = [
    'HTTP/1.1 503 Service Unavailable',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${body.length}`,
    `Date: ${new Date().toUTCString()}`,
    'Retry-After: 1',
    'Connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${withBody ? body : ''}`;
}
