import type { Mounted } from '../support/mounted.ts';
import { withoutQuery } from '../support/text.ts';

/** What names a request; mounts and routers shorten its `url` while they work. */
export type NamedRequest = Pick<Mounted, 'method' | 'url' | 'originalUrl'>;

/** A request line may have 16 KB, too much for each line of the log. */
const MAX_PATH = 500;

/** How log lines name a request: `GET /path`, the path shortened. */
export function nameRequest(request: NamedRequest): string {
  const { method, path } = requestField(request);
  return `${method} ${path}`;
}

/** The field `request` of a record. */
export function requestField({ method = '', url = '', originalUrl = url }: NamedRequest) {
  return { method, path: shortPath(originalUrl) };
}

/** A request's path as everything but the access log shows it. */
export function shortPath(url: string): string {
  return withoutQuery(url).slice(0, MAX_PATH);
}
