import type { IncomingMessage } from 'node:http';

/**
 * Removes the field `Proxy`. No client has a reason to send it, and what makes environment
 * variables of headers makes HTTP_PROXY of it, by which libraries choose whom they connect to (httpoxy, CVE-2016-5385).
 */
export function dropProxy(request: IncomingMessage): void {
  // Both objects are made of the raw headers when they are first read, by how many there were.
  const { headers, headersDistinct } = request;
  delete headers.proxy;
  delete headersDistinct.proxy;
  const { rawHeaders } = request;
  for (let at = rawHeaders.length - 2; at >= 0; at -= 2)
    if (rawHeaders[at]?.toLowerCase() === 'proxy') rawHeaders.splice(at, 2);
}
