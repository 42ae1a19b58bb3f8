import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { baseUrl, originalUrl } from '../support/mounted.ts';
import { clientOf, hostOf, type Origin, schemeOf } from '../support/origin.ts';
import { answerContext, requestContext } from './current.ts';
import { idOf } from './request-id.ts';

/** The request that the code runs for, with Node's and Express's names. */
export interface CurrentRequest {
  /** That of a trusted proxy's `X-Request-Id`, otherwise made when it is first asked for. */
  readonly id: string;
  readonly method: string;
  /** The target below the path that the application is mounted at. */
  readonly url: string;
  /** The target as it was sent. */
  readonly originalUrl: string;
  /** The path that the application is mounted at; `''` for `/`. */
  readonly baseUrl: string;
  readonly headers: IncomingHttpHeaders;
  /** The peer's address; undefined on a Unix socket. */
  readonly remoteAddress: string | undefined;
  /** The client's address: the peer's, or what a trusted proxy says; `''` where it is not known, as on a Unix socket. */
  readonly client: string;
  /** The scheme that the client speaks, by a trusted proxy where there is one. */
  readonly scheme: Origin['scheme'];
  /** The host that the client asked for, perhaps with a port; `''` where it named none. */
  readonly host: string;
  /** Aborts when the client has gone, or the request takes too long. */
  readonly signal: AbortSignal;
  /** Node's own object. */
  readonly incoming: IncomingMessage;
  /** Node's own object for the answer. */
  readonly outgoing: ServerResponse;
}

const incoming = (name: keyof CurrentRequest) => requestContext(`request.${name}`).incoming;

/** The request that the code runs for. Each property throws outside a request. */
export const request: CurrentRequest = {
  get id() {
    return idOf(requestContext('request.id'));
  },
  get method() {
    return incoming('method').method ?? '';
  },
  get url() {
    return incoming('url').url ?? '';
  },
  get originalUrl() {
    return originalUrl(incoming('originalUrl'));
  },
  get baseUrl() {
    return baseUrl(incoming('baseUrl'));
  },
  get headers() {
    return incoming('headers').headers;
  },
  get remoteAddress() {
    return incoming('remoteAddress').socket.remoteAddress;
  },
  get client() {
    return clientOf(incoming('client'));
  },
  get scheme() {
    return schemeOf(incoming('scheme'));
  },
  get host() {
    return hostOf(incoming('host'));
  },
  get signal() {
    return incoming('signal').signal;
  },
  get incoming() {
    return incoming('incoming');
  },
  get outgoing() {
    return answerContext('request.outgoing').outgoing;
  },
};
