import type { IncomingMessage } from 'node:http';
import { FAULTS, type Fault } from './fault.ts';
import { isAuthority } from './host.ts';
import { isMethodAllowed } from './methods.ts';
import { type Policy, targetFault } from './scan.ts';

/** The same check for HTTP/2, whose framing and whose fields of the connection are nghttp2's business. */
export function compileStreamScan({ permitsAnyMethod, takesExpectations }: Policy) {
  return ({ method = '', headers }: Pick<IncomingMessage, 'method' | 'headers'>): Fault | null => {
    const authority = textOf(headers[':authority']);
    const host = headers.host ?? null;
    if (authority === null && host === null) return FAULTS.noHost;
    if (![authority, host].every((given) => given === null || isAuthority(given))) return FAULTS.host;
    // RFC 9113, 8.3.1
    if (authority !== null && host !== null && authority.toLowerCase() !== host.toLowerCase())
      return FAULTS.hosts;
    const { expect } = headers;
    if (!takesExpectations && expect !== undefined && expect.toLowerCase() !== '100-continue')
      return FAULTS.expectation;
    delete headers.proxy;
    // It has no path, and the program answers it or node:http2 does.
    if (method === 'CONNECT') return null;
    if (!isMethodAllowed(method, permitsAnyMethod)) return FAULTS.method;
    const path = textOf(headers[':path']) ?? '';
    return path[0] === '/' || path === '*' ? targetFault(method, path, null) : FAULTS.target;
  };
}

function textOf(value: string | readonly string[] | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
