/** Whether a Host header names this machine in a way that no other's name server can: an IP address or localhost. */
export function isLocalHost(host: string): boolean {
  const { isIP } = process.getBuiltinModule('node:net');
  const [, v6, name] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d+)?$/.exec(host) ?? [];
  if (v6 !== undefined) return isIP(v6) === 6;
  return name === 'localhost' || isIP(name ?? '') === 4;
}

/** Whether a request at such an address names another host: a web page can make a browser send it (DNS rebinding). */
export function isForeignHost(host: string, { isLocal, isTcp }: Where): boolean {
  return isLocal && isTcp && !isLocalHost(host);
}

interface Where {
  readonly isLocal: boolean;
  readonly isTcp: boolean;
}

/** Whether an Authorization header is of the scheme of our token. */
export function isBearer(authorization: string): boolean {
  return /^Bearer(?: |$)/i.test(authorization);
}

/** Whether an Authorization header carries the token. Takes as long for a wrong one as for the right one. */
export function hasToken(authorization: string, token: string): boolean {
  const [, given = ''] = /^Bearer +(\S+) *$/i.exec(authorization) ?? [];
  const [one, other] = [Buffer.from(given), Buffer.from(token)];
  let difference = one.length ^ other.length;
  for (let index = 0; index < other.length; index++) difference |= (one[index] ?? 0) ^ (other[index] ?? 0);
  return difference === 0;
}
