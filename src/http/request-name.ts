import type { Mounted } from '../support/mounted.ts';
import { type Identified, type RequestTags, tagsOf, tagText } from '../support/request-id.ts';
import { withoutQuery } from '../support/text.ts';

/** What names a request; mounts and routers shorten its `url` while they work. */
export type NamedRequest = Pick<Mounted, 'method' | 'url' | 'originalUrl'> &
  (Identified | (RequestTags & { readonly rawHeaders?: never }));

/** A request line may have 16 KB, too much for each line of the log. */
const MAX_PATH = 500;

/** How log lines name a request: `GET /path`, the path shortened. */
export function nameRequest(request: NamedRequest): string {
  const { method, path, ...tags } = requestField(request);
  return `${method} ${path}${tagText(tags)}`;
}

/** The field `request` of a record. */
export function requestField(request: NamedRequest) {
  const { method = '', url = '', originalUrl = url } = request;
  return { method, path: shortPath(originalUrl), ...tagsFrom(request) };
}

/** A request's path as everything but the access log shows it. */
export function shortPath(url: string): string {
  return withoutQuery(url).slice(0, MAX_PATH);
}

/** By what other records name it. */
export function tagsFrom(request: NamedRequest): RequestTags {
  if (request.rawHeaders !== undefined) return tagsOf(request);
  const { requestId, traceId } = request;
  return { ...(requestId === undefined ? {} : { requestId }), ...(traceId === undefined ? {} : { traceId }) };
}
