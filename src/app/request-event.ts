import type { IncomingMessage } from 'node:http';

const EVENT = Symbol('event');

interface Noted extends IncomingMessage {
  [EVENT]?: string;
}

/** Records that a request came by an event of its server other than `request`. */
export function noteEvent(request: Noted, event: string): void {
  request[EVENT] = event;
}

/** The event of its server by which a request came. */
export function eventOf(request: Noted): string {
  return request[EVENT] ?? 'request';
}
