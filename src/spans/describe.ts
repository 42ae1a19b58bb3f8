import type { IncomingMessage, ServerResponse } from 'node:http';
import { METHODS } from '../metrics/catalogue.ts';
import { clientOf, hostOf, schemeOf } from '../support/origin.ts';
import { rawHeaderOf } from '../support/raw-header.ts';
import { withoutQuery } from '../support/text.ts';

// OpenTelemetry's stable conventions for spans of HTTP servers.

/** The values of attributes, by their names. */
export type Attributes = Record<string, string | number>;

const KNOWN: ReadonlySet<string> = new Set(METHODS);
const DEFAULT_PORTS = { http: 80, https: 443 } as const;
/** Longer ones are cut. */
const MOST_AGENT = 256;

/** What is known of a request when it comes. The query of its target is left out, as it may hold secrets. */
export function requestAttributes(request: IncomingMessage): Attributes {
  const { method = '', url = '', httpVersion } = request;
  const scheme = schemeOf(request);
  const isKnown = KNOWN.has(method) && method !== '_OTHER';
  const attributes: Attributes = {
    'http.request.method': isKnown ? method : '_OTHER',
    'url.path': pathOf(url),
    'url.scheme': scheme,
    'network.protocol.version': httpVersion === '2.0' ? '2' : httpVersion,
  };
  if (!isKnown) attributes['http.request.method_original'] = method;
  const client = clientOf(request);
  if (client !== '') attributes['client.address'] = client;
  const agent = rawHeaderOf(request.rawHeaders, 'user-agent');
  if (agent !== null) attributes['user_agent.original'] = agent.slice(0, MOST_AGENT);
  return Object.assign(attributes, serverAttributes(hostOf(request), scheme));
}

/** What is known at its end; `status` is 0 where there was no answer, `isWhole` whether the client has got all of it. */
export function answerAttributes(status: number, isWhole: boolean): Attributes {
  const error = errorOf(status, isWhole);
  return {
    ...(status === 0 ? {} : { 'http.response.status_code': status }),
    ...(error === null ? {} : { 'error.type': error }),
  };
}

/** The route that a framework has found, where it says so on the request itself, as Express does; null otherwise. */
export function routeOf(request: object): string | null {
  const { route, baseUrl } = request as { readonly route?: unknown; readonly baseUrl?: unknown };
  const path = typeof route === 'object' && route !== null ? Reflect.get(route, 'path') : undefined;
  return typeof path === 'string' ? `${typeof baseUrl === 'string' ? baseUrl : ''}${path}` : null;
}

/** The status of an answer; 0 where there was none. */
export function statusOf({ headersSent, statusCode }: ServerResponse): number {
  return headersSent ? statusCode : 0;
}

/** As `error_type` and `reason` of our metrics. */
function errorOf(status: number, isWhole: boolean): string | null {
  if (status === 0) return 'client_left';
  if (status >= 500) return `${status}`;
  return isWhole ? null : 'unfinished';
}

/** `host` is as in a Host header. */
function serverAttributes(host: string, scheme: keyof typeof DEFAULT_PORTS): Attributes {
  const [, v6, name, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(host) ?? [];
  const address = v6 ?? name ?? '';
  if (address === '') return {};
  return {
    'server.address': address,
    'server.port': port === undefined ? DEFAULT_PORTS[scheme] : Number(port),
  };
}

/** The path of a target, which may be absolute. */
function pathOf(url: string): string {
  const path = withoutQuery(url);
  return path[0] === '/' ? path : path.replace(/^https?:\/\/[^/?#]*/i, '') || '/';
}
