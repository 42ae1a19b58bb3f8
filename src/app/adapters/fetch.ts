import type { IncomingMessage, ServerResponse } from 'node:http';
import { NodeRequest, patchGlobalRequest } from 'srvx/node';
import { isAbort } from '../../errors.ts';
import { isThenable } from '../../thenable.ts';
import type { Application } from '../application.ts';
import { type Doubt, doubtFetch, isResponse } from '../mistaken.ts';
import { partsOf, sendParts } from './fetch-answer.ts';
import { LazyResponse } from './lazy-response.ts';

/** A fetch handler; the second argument is what Hono calls the bindings. */
export type Fetch = (request: Request, env: FetchEnv) => unknown;

export interface FetchEnv {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

export interface FetchOptions {
  /** What was found, for the log. */
  readonly what: string;
  /** What the operator wrote, for error lines. */
  readonly spec: string;
  /** Whether it can be nothing else; otherwise it may be a Node listener. */
  readonly isSure: boolean;
}

// Of a host: a name, an IPv4 or a bracketed IPv6 address, and perhaps a port (RFC 3986, section 3.2.2).
const HOST = /^(?:[\w.~!$&'()*+,;=%-]+|\[[\da-fA-F:.]+\])(?::\d{0,5})?$/;

/**
 * An Application of a fetch handler. The global Request and Response become lazy ones, since the platform's cost half of
 * the throughput; `instanceof` holds in both directions. Errors, those of a body stream included, reject.
 */
export function adaptFetch(fetch: Fetch, { what, spec, isSure }: FetchOptions): Application {
  const doubt = doubtFetch(spec, isSure);
  globalThis.Response = LazyResponse as unknown as typeof Response;
  patchGlobalRequest();
  return {
    what,
    // What it returns is looked at here.
    doubt: { failure: doubt.failure },
    handler(req, res) {
      if (!hasUsableUrl(req)) return refuse(res);
      const answer = fetch(new NodeRequest({ req, res }), { incoming: req, outgoing: res });
      if (!isThenable(answer)) return send(answer, res, doubt);
      return answer.then(
        (response) => send(response, res, doubt),
        (error) => {
          // What request.signal is for: nobody waits for an answer.
          if (!res.destroyed || !isAbort(error)) throw error;
        },
      );
    },
  };
}

function send(response: unknown, res: ServerResponse, doubt: Doubt): Promise<void> | undefined {
  if (isResponse(response)) return sendParts(partsOf(response), res);
  doubt.result(response, res);
  return undefined;
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
