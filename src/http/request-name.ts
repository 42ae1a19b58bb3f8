import type { IncomingMessage } from 'node:http';

/** A request line may have 16 KB, too much for each line of the log. */
const MAX_PATH = 500;

/** How log lines name a request: `GET /path`, the path shortened. */
export function nameRequest({ method = '', url = '' }: Pick<IncomingMessage, 'method' | 'url'>): string {
  return `${method} ${shortPath(url)}`;
}

/** The field `request` of a record. */
export function requestField({ method = '', url = '' }: Pick<IncomingMessage, 'method' | 'url'>) {
  return { method, path: shortPath(url) };
}

/** A request's path as logs show it. */
export function shortPath(url: string): string {
  return url.slice(0, MAX_PATH);
}
