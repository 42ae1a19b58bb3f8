import type { IncomingMessage } from 'node:http';
import type { BlockList, Socket } from 'node:net';
import { isUnixSocket, type Peer } from './is-unix-socket.ts';
import { connectionOrigin } from './origin.ts';

// Of the registry, since the application may import another copy of the package than the one that serves.
const TRUST = Symbol.for('tsunicorn.trust');

/** A socket, with whom its peer is compared, or how that went. */
type Met = Peer & { [TRUST]?: TrustedPeers | boolean };

/** Loopback, private, link-local and unique local addresses. */
const PRIVATE = [
  ...['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16'],
  ...['::1', 'fc00::/7', 'fe80::/10'],
];

/**
 * Whom the service believes what it says about where a request came from. Rules are addresses, networks such as
 * `10.0.0.0/8`, `private`, `*` for everybody and `unix`, which adds nothing: a Unix socket has its own permissions.
 */
export class TrustedPeers {
  readonly #everybody: boolean;
  readonly #rules: readonly string[];
  #list: BlockList | null = null;

  constructor(rules: readonly string[]) {
    this.#everybody = rules.includes('*');
    this.#rules = rules.flatMap((rule) => (rule === 'private' ? PRIVATE : rule));
  }

  /** To be called once for each connection; isTrustedPeer() then knows it. */
  meet(socket: Socket): void {
    (socket as Met)[TRUST] = this;
  }

  /** Whether the peer of a connection is among them. */
  trustsPeer(socket: Peer): boolean {
    const { remoteAddress } = socket;
    if (remoteAddress === undefined) return this.#everybody || isUnixSocket(socket);
    return this.trusts(remoteAddress);
  }

  /** Whether an address is among them; `''` is one that is not known. */
  trusts(address: string): boolean {
    if (this.#everybody) return true;
    if (address === '') return false;
    const [plain = ''] = address.split('%');
    this.#list ??= listOf(this.#rules);
    // A list of IPv4 also has the addresses that an IPv6 socket shows as ::ffff:127.0.0.1.
    return this.#list.check(plain, plain.includes(':') ? 'ipv6' : 'ipv4');
  }
}

/** Whether the headers of a request can be believed; found out once for each connection. */
export function isTrustedPeer({ socket }: { readonly socket: IncomingMessage['socket'] }): boolean {
  return verdictOn(socket) ?? false;
}

/** Undefined for what was never met. */
function verdictOn(met: Met): boolean | undefined {
  const trust = met[TRUST];
  if (typeof trust !== 'object') return trust;
  // Whoever is behind a load balancer that only passes bytes on has written the headers.
  const origin = connectionOrigin(met);
  const verdict = origin === null ? trust.trustsPeer(met) : trust.trusts(origin.address);
  met[TRUST] = verdict;
  return verdict;
}

/** From now on the requests of a connection come by another socket. */
export function inheritTrust(from: object, to: object): void {
  const { [TRUST]: trust } = from as Met;
  if (trust !== undefined) (to as Met)[TRUST] = trust;
}

/** Whoever is behind a connection, nothing that it says is believed. */
export function distrust(socket: object): void {
  (socket as Met)[TRUST] = false;
}

/** The property by which what stands for a connection has the verdict on it. */
export function withTrust(isTrusted: boolean): object {
  return { [TRUST]: isTrusted };
}

/** Has what stands for a part of a connection, such as a stream, share the verdict on that; `carrier` returns its socket. */
export function shareTrust<Part extends object>(prototype: Part, carrier: (part: Part) => Met): void {
  Object.defineProperty(prototype, TRUST, {
    get(this: Part) {
      // Of a part that is open the connection may be closed.
      return verdictOn(carrier(this));
    },
    set(this: Part, verdict: boolean) {
      carrier(this)[TRUST] = verdict;
    },
    configurable: true,
  });
}

/** Whether TrustedPeers takes the text as a rule. */
export function isPeerRule(text: string): boolean {
  if (['*', 'unix', 'private'].includes(text)) return true;
  const [address = '', bits, ...rest] = text.split('/');
  const family = process.getBuiltinModule('node:net').isIP(address);
  if (family === 0 || rest.length > 0 || address.includes('%')) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

function listOf(rules: readonly string[]): BlockList {
  const list = new (process.getBuiltinModule('node:net').BlockList)();
  for (const rule of rules) {
    const [address = '', bits] = rule.split('/');
    const family = address.includes(':') ? 'ipv6' : 'ipv4';
    if (rule === 'unix' || rule === '*') continue;
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}
