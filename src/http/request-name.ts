import type { IncomingMessage } from 'node:http';

/** A request's line may have 16 KB, which no log should repeat for each request that fails. */
const MAX_PATH = 500;

/** How log lines name a request: `GET /path`, the path shortened. */
export function nameRequest({ method = '', url = '' }: Pick<IncomingMessage, 'method' | 'url'>): string {
  return `${method} ${shortPath(url)}`;
}

/** The same for a record: its `request`. */
export function requestField({ method = '', url = '' }: Pick<IncomingMessage, 'method' | 'url'>) {
  return { method, path: shortPath(url) };
}

/** A request's path as logs have it. */
export function shortPath(url: string): string {
  return url.slice(0, MAX_PATH);
}
