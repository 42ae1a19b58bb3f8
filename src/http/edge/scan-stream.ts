import type { IncomingMessage } from 'node:http';
import { FAULTS, type Fault } from './fault.ts';
import { isAuthority } from './host.ts';
import { isMethodAllowed } from './methods.ts';
import { type Policy, targetFault } from './scan.ts';

/** The same check for HTTP/2, whose framing and whose fields of the connection are nghttp2's business. */
export function compileStreamScan({ limits, takesExpectations, forwarding }: Policy) {
  return (request: IncomingMessage): Fault | null => {
    const { method = '', headers } = request;
    const ofHost = hostFault(textOf(headers[':authority']), headers.host ?? null);
    if (ofHost !== null) return ofHost;
    const { expect } = headers;
    if (expect !== undefined && expect.toLowerCase() !== '100-continue' && !takesExpectations())
      return FAULTS.expectation;
    if (Number(headers['content-length'] ?? 0) > limits.body) return FAULTS.body;
    delete headers.proxy;
    const ofProxies = forwarding?.names.some((name) => name in headers) ? forwarding.read(request) : null;
    return ofProxies ?? ofTarget(method, headers, limits);
  };
}

function ofTarget(
  method: string,
  headers: IncomingMessage['headers'],
  limits: Policy['limits'],
): Fault | null {
  // It has no path, and the program answers it or node:http2 does.
  if (method === 'CONNECT') return null;
  if (!isMethodAllowed(method, limits.permitsAnyMethod)) return FAULTS.method;
  const path = textOf(headers[':path']) ?? '';
  return path[0] === '/' || path === '*' ? targetFault(method, path, null) : FAULTS.target;
}

/** RFC 9113, 8.3.1: there may be a Host beside the authority if it says the same. */
function hostFault(authority: string | null, host: string | null): Fault | null {
  if (authority === null && host === null) return FAULTS.noHost;
  for (const given of [authority, host]) if (given !== null && !isAuthority(given)) return FAULTS.host;
  if (authority === null || host === null) return null;
  return authority.toLowerCase() === host.toLowerCase() ? null : FAULTS.hosts;
}

function textOf(value: string | readonly string[] | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
