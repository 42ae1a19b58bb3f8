import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../support/clock.ts';
import { whenDue } from '../deadlines.ts';

/** What would not end by itself within any grace: it has to be told that this server goes away. */
export type LongLived =
  | { readonly kind: 'webSocket'; readonly socket: Socket }
  | {
      readonly kind: 'events';
      readonly socket: Socket;
      readonly response: ServerResponse;
      /** Whether no request of the connection waits for the end of the stream. */
      readonly isLast: boolean;
    };

// RFC 6455, 5.2 and 7.4.1: a final frame of opcode 8, unmasked as a server's must be, with the status 1001 (going away).
const GOING_AWAY = Buffer.from([0x88, 0x02, 0x03, 0xe9]);
/** RFC 6455, 7.1.1: the client is to answer with a close frame of its own, whereupon the application ends the connection. */
const ANSWER_MS = 2000;

/** Tells the client, in the words of its protocol, so that it connects again elsewhere. */
export function closeLongLived(stream: LongLived, clock: Clock): void {
  if (stream.kind === 'webSocket') closeWebSocket(stream.socket, clock);
  else endEvents(stream);
}

/** Whether the answer, which has begun and goes on, is a stream of server-sent events. */
export function isEventStream(
  response: Pick<ServerResponse, 'headersSent' | 'writableEnded' | 'getHeader'>,
): boolean {
  if (!response.headersSent || response.writableEnded) return false;
  const type = response.getHeader('content-type');
  if (type !== undefined) return /^text\/event-stream\b/i.test(String(type));
  // Headers that were given to writeHead() alone can be read nowhere else.
  const head: unknown = Reflect.get(response, '_header');
  return typeof head === 'string' && /^content-type: *text\/event-stream\b/im.test(head);
}

function closeWebSocket(socket: Socket, clock: Clock): void {
  if (socket.writable) socket.write(GOING_AWAY);
  whenDue(socket, ANSWER_MS, clock, () => socket.destroySoon());
}

function endEvents({ socket, response, isLast }: LongLived & { kind: 'events' }): void {
  // The application does not know that this was the end, and an event that it still writes must not end the process.
  response.on('error', () => {});
  // Its headers may have promised to keep the connection: it ends together with the stream, before another request.
  if (isLast) response.once('finish', () => socket.destroySoon());
  response.end();
}
