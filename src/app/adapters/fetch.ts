import type { IncomingMessage, ServerResponse } from 'node:http';
import { FastURL, NodeRequest, patchGlobalRequest } from 'srvx/node';
import { type Origin, toldOrigin } from '../../support/origin.ts';
import { isThenable } from '../../support/thenable.ts';
import type { Application } from '../application.ts';
import { faultOf } from '../client-fault.ts';
import { isHost } from '../host.ts';
import { type Doubt, doubtFetch, isResponse } from '../mistaken.ts';
import { refuse } from '../refuse.ts';
import { partsOf, sendParts } from './fetch-answer.ts';
import { LazyResponse } from './lazy-response.ts';

/** A fetch handler; the second argument is what Hono calls the bindings. */
export type Fetch = (request: Request, env: FetchEnv) => unknown;

export interface FetchEnv {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  /**
   * The path that the application is mounted at, --root-path included: `''`, or `/…` without a slash at its end. What is
   * mounted does not see it in the URL of the request.
   */
  readonly rootPath: string;
}

export interface FetchOptions {
  /** What was found, for the log. */
  readonly what: string;
  /** What the operator wrote, for error lines. */
  readonly spec: string;
  /** Whether it is certainly one; otherwise it may be a Node listener. */
  readonly isSure: boolean;
  /** See FetchEnv. */
  readonly rootPath: string;
  /** The part of it that mounts have taken. */
  readonly mountPath: string;
}

/**
 * An Application of a fetch handler. The global Request and Response become lazy ones, since the platform's cost half of
 * the throughput; `instanceof` holds in both directions. Errors, those of a body stream included, reject.
 */
export function adaptFetch(
  fetch: Fetch,
  { what, spec, isSure, rootPath, mountPath }: FetchOptions,
): Application {
  const doubt = doubtFetch(spec, isSure);
  globalThis.Response = LazyResponse as unknown as typeof Response;
  patchGlobalRequest();
  const fault = targetJudge();
  return {
    what,
    // What it returns is checked here.
    doubt: { failure: doubt.failure },
    handler(req, res) {
      const text = fault(req);
      if (text !== null) return refuse(res, 400, `Bad Request: ${text}`);
      const request = new NodeRequest({ req, res });
      const origin = toldOrigin(req);
      if (origin !== null) request._url = urlBy(origin, req);
      const prefix = origin?.prefix ?? null;
      const env = {
        incoming: req,
        outgoing: res,
        rootPath: prefix === null ? rootPath : prefix + mountPath,
      };
      const answer = fetch(request, env);
      if (!isThenable(answer)) return send(answer, request, env, doubt);
      return answer.then(
        (response) => send(response, request, env, doubt),
        (error) => passOn(error, request, env),
      );
    },
  };
}

function send(response: unknown, request: Request, env: FetchEnv, doubt: Doubt): Promise<void> | undefined {
  const { outgoing } = env;
  if (isResponse(response))
    return sendParts(partsOf(response), outgoing)?.catch((error: unknown) => passOn(error, request, env));
  doubt.result(response, outgoing);
  return undefined;
}

/** Throws the error, unless the client has left: then nobody waits for an answer, and request.signal reports that. */
function passOn(error: unknown, { signal }: Request, { incoming, outgoing }: FetchEnv): void {
  if (faultOf(error, incoming, outgoing, signal.reason) !== 'left') throw error;
}

/** Why no Request can be made of what a client has sent; null if one can. */
function targetJudge(): (req: IncomingMessage) => string | null {
  // Most requests are for the same host.
  let known = '';
  return ({ method, headers: { host = '' }, url = '' }) => {
    if (host !== known && host !== '') {
      if (!isHost(host)) return 'the Host header is not valid';
      known = host;
    }
    // A Request cannot have the method TRACE.
    if (method === 'TRACE') return 'TRACE is not supported';
    if (url[0] === '/' || (url === '*' && method === 'OPTIONS')) return null;
    return isAbsolute(url) ? null : 'the request target is not valid';
  };
}

/** The URL as the client knows it. */
function urlBy({ scheme, host }: Origin, { url = '/', headers }: IncomingMessage): URL {
  if (url[0] !== '/' && url !== '*') {
    const absolute = new URL(url);
    absolute.protocol = scheme;
    if (host !== null) absolute.host = host;
    return absolute;
  }
  const at = url.indexOf('?');
  const path = at < 0 ? url : url.slice(0, at);
  return new FastURL({
    protocol: `${scheme}:`,
    host: host ?? headers.host ?? 'localhost',
    pathname: path[0] === '/' ? path : `/${path}`,
    search: at < 0 ? '' : url.slice(at),
  });
}

function isAbsolute(url: string): boolean {
  return /^https?:\/\//i.test(url) && isHost(URL.parse(url)?.host ?? '');
}
