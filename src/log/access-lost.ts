import { type Entry, isBodiless, UNANSWERED } from './access-entry.ts';

/** A request as the table of requests in flight has it. */
export interface LostRequest {
  readonly method: string;
  readonly url: string;
  /** Whether the URL was longer than what is kept of it. */
  readonly cut: boolean;
  readonly remote: string;
  readonly protocol: string;
  /** 0 while no answer has begun. */
  readonly status: number;
  readonly ended: boolean;
  readonly bytes: number;
  /** The id, and that of its trace; `''` where it is not known. */
  readonly requestId: string;
  readonly traceId: string;
}

/** The entry of a request whose worker could not write its line: what is not in the table is `-`. */
export function lostEntry(
  { method, url, cut, remote, protocol, status, ended, bytes, requestId, traceId }: LostRequest,
  elapsedMs: number,
  pid: number,
  reason: string,
): Entry {
  return {
    pid,
    method,
    url: cut ? `${url}...` : url,
    protocol,
    remote,
    tls: {},
    status: status || UNANSWERED.cut,
    bytes: isBodiless(method, status) ? 0 : bytes,
    elapsedMs,
    queueMs: null,
    closeCode: null,
    cut: ended ? '' : reason,
    requestId,
    traceId,
    requestHeader: () => '',
    responseHeader: () => '',
  };
}

/** The entry of an answer to bytes that were no request, or were not read. */
export function refusedEntry(remote: string, status: number, cut: string): Entry {
  return {
    pid: process.pid,
    ...{
      method: '',
      url: '',
      protocol: '',
      remote,
      status,
      bytes: 0,
      elapsedMs: 0,
      queueMs: null,
      cut,
      tls: {},
    },
    ...{ closeCode: null, requestId: '', traceId: '' },
    requestHeader: () => '',
    responseHeader: () => '',
  };
}
