// A name, an IPv4 or a bracketed IPv6 address, and perhaps a port (RFC 3986, section 3.2.2).
const HOST = /^(?:[\w.~!$&'()*+,;=%-]+|\[[\da-fA-F:.]+\])(?::\d{0,5})?$/;

/** Whether a Host header, or the host of a request target, can be that of a URL. */
export function isHost(host: string): boolean {
  return HOST.test(host) && URL.canParse(`http://${host}/`);
}
