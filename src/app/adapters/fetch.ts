import type { IncomingMessage, ServerResponse } from 'node:http';
import { NodeRequest, patchGlobalRequest, sendNodeResponse } from 'srvx/node';
import type { Application } from '../application.ts';
import { describe } from '../describe.ts';
import { LazyResponse } from './lazy-response.ts';

/** A fetch handler; the second argument is what Hono calls the bindings. */
export type Fetch = (request: Request, env: FetchEnv) => unknown;

export interface FetchEnv {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

// Of a host: a name, an IPv4 or a bracketed IPv6 address, and perhaps a port (RFC 3986, section 3.2.2).
const HOST = /^(?:[\w.~!$&'()*+,;=%-]+|\[[\da-fA-F:.]+\])(?::\d{0,5})?$/;
const sent = Symbol('sent');

/**
 * An Application of a fetch handler. The global Request and Response become lazy ones, since the platform's cost half of
 * the throughput; `instanceof` holds in both directions. Errors, those of a body stream included, reject.
 */
export function adaptFetch(fetch: Fetch, what: string, spec: string): Application {
  globalThis.Response = LazyResponse as unknown as typeof Response;
  patchGlobalRequest();
  return {
    kind: 'fetch',
    what,
    handler(req, res) {
      if (!hasUsableUrl(req)) return refuse(res);
      const answer = fetch(new NodeRequest({ req, res }), { incoming: req, outgoing: res });
      return respond(answer, res, spec);
    },
  };
}

async function respond(answer: unknown, res: ServerResponse, spec: string): Promise<void> {
  let response: unknown;
  try {
    response = await answer;
  } catch (error) {
    if (res.destroyed && isAbort(error)) return; // What request.signal is for: nobody waits for an answer.
    throw error;
  }
  if (!isResponse(response)) throw new TypeError(noResponse(spec, response));
  await sendNodeResponse(res, claim(response, spec));
  if (res.errored) throw res.errored;
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** Also a Response of another library, such as the undici package. */
function isResponse(value: unknown): value is Response {
  if (value instanceof Response) return true;
  if (typeof value !== 'object' || value === null) return false;
  return (
    'status' in value && typeof value.status === 'number' && 'headers' in value && 'arrayBuffer' in value
  );
}

function noResponse(spec: string, value: unknown): string {
  return `${spec}: the fetch handler returned ${describe(value)}, not a Response; return a Response, or, if this is a Node listener, give it two parameters (req, res), or, if it is a factory, write the parentheses: module:factory()`;
}

// A lazy response is spent when it has been sent, and would be an empty 200 the second time.
function claim(response: Response & { [sent]?: true }, spec: string): Response {
  if (response[sent])
    throw new TypeError(
      `${spec}: the fetch handler returned a Response that was sent before; make one for each request, or return response.clone()`,
    );
  response[sent] = true;
  return response;
}

function hasUsableUrl({ headers: { host }, url = '' }: IncomingMessage): boolean {
  if (host !== undefined && host !== '' && !HOST.test(host)) return false;
  return url[0] === '/' || url === '*' || URL.canParse(url);
}

function refuse(res: ServerResponse): void {
  res.statusCode = 400;
  res.setHeader('content-type', 'text/plain; charset=utf-8');
  res.end('Bad Request: the Host header or the request target is not valid\n');
}
