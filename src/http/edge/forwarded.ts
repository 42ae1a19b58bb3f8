import type { IncomingMessage } from 'node:http';
import type { Settings } from '../../settings/catalogue/catalogue.ts';
import { clientOn, clientPortOf, connectionOrigin, schemeOf, tellOrigin } from '../../support/origin.ts';
import { isTrustedPeer, type TrustedPeers } from '../../support/trusted-peers.ts';
import { FAULTS, type Fault } from './fault.ts';
import { hopsOf, type Node, nodeOf, portOf } from './forwarded-header.ts';
import { isAuthority, isSameAuthority } from './host.ts';

/** Reads what trusted proxies say in headers of where a request came from. */
export interface Forwarding {
  /** The names of all headers that `read` looks at, in lower case. */
  readonly names: readonly string[];
  /** Tells the origin of a request that has one of them; returns what is wrong with them, null where nothing is. */
  readonly read: (request: IncomingMessage) => Fault | null;
  /** Whether a header is believed that has an underscore in its name, which others may not have. */
  readonly takes: (request: IncomingMessage, name: string) => boolean;
}

type Scheme = 'http' | 'https';

/** What one family of headers says; null where it says nothing of it. */
interface Said {
  readonly client: Node | null;
  readonly scheme: Scheme | null;
  readonly host: string | null;
}

const NOTHING: Said = { client: null, scheme: null, host: null };
const FOR = 'x-forwarded-for';
const PROTO = 'x-forwarded-proto';
const HOST = 'x-forwarded-host';
const PORT = 'x-forwarded-port';
const PREFIX = 'x-forwarded-prefix';
const FORWARDED = 'forwarded';

/** A path whose like a client of the site may be sent to: nothing that makes a URL of another host. */
const PATH = /^(?:\/[\w.~!$&'()*+;=:@%-]+)*\/?$/;

/** Headers of trusted proxies, by their names in lower case; where one comes twice its values are joined. */
type Headers = ReadonlyMap<string, string>;

/** What `--forwarded-allow-ips`, `--forwarder-headers` and `--secure-scheme-headers` ask for. */
export function forwardingOf(settings: Settings, peers: TrustedPeers): Forwarding {
  const believed = new Set(settings.forwarderHeaders.map((name) => name.toLowerCase()));
  const secure = new Map(
    Object.entries(settings.secureSchemeHeaders).map(([name, value]) => [
      name.toLowerCase(),
      value.toLowerCase(),
    ]),
  );
  const known = [FOR, PROTO, HOST, PORT, PREFIX, FORWARDED].filter((name) => believed.has(name));
  const schemes = [...secure].filter(([name]) => name !== PROTO || believed.has(PROTO));
  const names = [...new Set([...known, ...schemes.map(([name]) => name)])];
  return {
    names,
    read: (request) => (isTrustedPeer(request) ? tell(request, pick(request, names), schemes, peers) : null),
    takes: (request, name) => believed.has(name.toLowerCase()) && isTrustedPeer(request),
  };
}

function pick({ rawHeaders }: IncomingMessage, names: readonly string[]): Headers {
  const found = new Map<string, string>();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    // The shortest is `Forwarded`, but for what an operator has named.
    const lower = name.toLowerCase();
    if (!names.includes(lower)) continue;
    const value = rawHeaders[at + 1] as string;
    const before = found.get(lower);
    found.set(lower, before === undefined ? value : `${before}, ${value}`);
  }
  return found;
}

type Schemes = readonly (readonly [name: string, secure: string])[];

function tell(
  request: IncomingMessage,
  headers: Headers,
  schemes: Schemes,
  peers: TrustedPeers,
): Fault | null {
  const chain = chainOf(headers, peers);
  const older = fromX(headers, schemes, chain);
  const newer = fromForwarded(headers.get(FORWARDED), peers);
  if (older === null || newer === null) return FAULTS.forwarded;
  if (older === 'contradiction' || contradict(older, newer)) return FAULTS.contradiction;
  // What the proxy has not written may be the client's: one family counts, and the other may only agree.
  const said = isSilent(older) ? newer : older;
  const scheme = said.scheme ?? schemeOf(request);
  const host = withPort(request, said.host, headers.get(PORT), chain.hops, scheme);
  if (typeof host === 'object' && host !== null) return host;
  const prefix = prefixIn(headers.get(PREFIX), chain.hops);
  if (prefix === false) return FAULTS.forwarded;
  const { socket } = request;
  const client = said.client ?? { address: clientOn(socket), port: clientPortOf(request) };
  const before = connectionOrigin(socket);
  tellOrigin(request, {
    address: client.address,
    port: client.port,
    scheme,
    host: host ?? before?.host ?? null,
    prefix: prefix ?? before?.prefix ?? null,
  });
  return null;
}

/** How far a chain is believed, from its end, which our peer has written. */
interface Chain {
  readonly client: Node | null;
  /** How many proxies are believed, our peer among them. */
  readonly hops: number;
}

/** Goes from the end of the chain to the first that is no trusted proxy: whatever stands before it, that one may have invented. */
function walk(count: number, at: (index: number) => string, peers: TrustedPeers): Chain {
  let client: Node | null = null;
  let hops = 0;
  while (hops < count) {
    hops++;
    client = nodeOf(at(count - hops));
    if (!peers.trusts(client.address)) break;
  }
  return { client, hops: Math.max(hops, 1) };
}

function chainOf(headers: Headers, peers: TrustedPeers): Chain {
  const value = headers.get(FOR);
  if (value === undefined) return { client: null, hops: 1 };
  const entries = listOf(value);
  return walk(entries.length, (index) => entries[index] ?? '', peers);
}

function listOf(value: string): readonly string[] {
  if (!value.includes(',')) return [value.trim()];
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** The value that the proxy has written that is `hops` before us: most write one value over what was there. */
function ofHop(value: string, hops: number): string {
  const values = listOf(value);
  return values[Math.max(0, values.length - hops)] ?? '';
}

/** Null where a value is not valid. */
function fromX(headers: Headers, schemes: Schemes, { client, hops }: Chain): Said | 'contradiction' | null {
  const asked = headers.get(HOST);
  const host = asked === undefined ? null : ofHop(asked, hops);
  if (host !== null && !isAuthority(host)) return null;
  let scheme: Scheme | null = null;
  for (const [name, secure] of schemes) {
    const value = headers.get(name);
    if (value === undefined) continue;
    const said = schemeBy(ofHop(value, hops).toLowerCase(), secure);
    if (scheme !== null && said !== scheme) return 'contradiction';
    scheme = said;
  }
  return { client, scheme, host };
}

/** Proxies of WebSockets write `wss` for `https`. */
function schemeBy(value: string, secure: string): Scheme {
  return value === secure || (secure === 'https' && value === 'wss') ? 'https' : 'http';
}

/** Null where it is not valid. */
function fromForwarded(value: string | undefined, peers: TrustedPeers): Said | null {
  if (value === undefined) return NOTHING;
  const hops = hopsOf(value);
  if (hops === null) return null;
  const { client, hops: believed } = walk(hops.length, (index) => hops[index]?.for ?? '', peers);
  const { for: node = null, proto = null, host = null } = hops[hops.length - believed] ?? {};
  if (host !== null && !isAuthority(host)) return null;
  const scheme = proto === null ? null : schemeBy(proto.toLowerCase(), 'https');
  return { client: node === null && believed === 1 ? null : client, scheme, host };
}

function isSilent({ client, scheme, host }: Said): boolean {
  return client === null && scheme === null && host === null;
}

function contradict(one: Said, other: Said): boolean {
  return (
    differ(one.client?.address, other.client?.address) ||
    differ(one.scheme, other.scheme) ||
    (one.host !== null && other.host !== null && !isSameAuthority(one.host, other.host, one.scheme ?? 'http'))
  );
}

function differ(one: string | null | undefined, other: string | null | undefined): boolean {
  return (one ?? null) !== null && (other ?? null) !== null && one !== other;
}

const WITH_PORT = /^(.*?)(?::(\d*))?$/;
const STANDARD = { http: 80, https: 443 } as const;

/** The host with the port that proxies say; a Fault where they are not valid or contradict each other. */
function withPort(
  { headers }: IncomingMessage,
  host: string | null,
  given: string | undefined,
  hops: number,
  scheme: Scheme,
): string | null | Fault {
  if (given === undefined) return host;
  const port = portOf(ofHop(given, hops));
  if (port === null) return FAULTS.forwarded;
  const [, name = '', own = ''] = WITH_PORT.exec(host ?? headers.host ?? '') ?? [];
  if (host !== null && own !== '' && Number(own) !== port) return FAULTS.contradiction;
  if (name === '') return host;
  return port === STANDARD[scheme] ? name : `${name}:${port}`;
}

/** Null where there is none, false where it is not valid. */
function prefixIn(given: string | undefined, hops: number): string | null | false {
  if (given === undefined) return null;
  const prefix = ofHop(given, hops);
  if (!PATH.test(prefix) || /\/\.{1,2}(?:\/|$)/.test(prefix)) return false;
  return prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
}
