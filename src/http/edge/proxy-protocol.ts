import { isIP, type Socket } from 'node:net';
import { type Origin, tellOrigin } from '../../support/origin.ts';
import { plainAddress } from '../../support/plain-address.ts';
import { distrust, type TrustedPeers } from '../../support/trusted-peers.ts';
import { FAULTS, type Fault } from './fault.ts';
import type { ReadPreamble, Step } from './preamble.ts';

// https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt

/** `auto` takes either version, and connections without a header. */
export type ProxyMode = 'v1' | 'v2' | 'auto';

/** Whom a header names: nobody where the connection is the proxy's own, or where the proxy does not know. */
export type Sender = Pick<Origin, 'address' | 'port' | 'scheme'> | 'itself' | 'unknown';

/** What the beginning of a connection says. */
export type ProxyHeader =
  | { readonly kind: 'header'; readonly sender: Sender; readonly length: number }
  | { readonly kind: 'more'; readonly least: number }
  | { readonly kind: 'none' }
  | { readonly kind: 'bad'; readonly fault: Fault };

const V1 = Buffer.from('PROXY ');
/** With its line end. */
const V1_BYTES = 107;
const V2 = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** The signature, version and command, family, and the length of the rest. */
const V2_FIXED = 16;
/** As much as nginx takes. */
const V2_BYTES = 4096;

const LINE = /^PROXY (?:(UNKNOWN)(?: .*)?|TCP([46]) (\S+) (\S+) (\d{1,5}) (\d{1,5}))$/;
const TCP4 = 0x11;
const TCP6 = 0x21;
/** How many bytes the two addresses and ports take. */
const ADDRESSES: Readonly<Record<number, number>> = {
  [TCP4]: 12,
  [TCP6]: 36,
  18: 12,
  34: 36,
  49: 216,
  50: 216,
};
/** PP2_TYPE_SSL, and the bit by which its client has come over TLS. */
const SSL = 0x20;
const SSL_CLIENT = 0x01;
const LAST_PORT = 65_535;

const BAD: ProxyHeader = { kind: 'bad', fault: FAULTS.proxyHeader };
const MISSING: ProxyHeader = { kind: 'bad', fault: FAULTS.noProxyHeader };
const NONE: ProxyHeader = { kind: 'none' };

/** Reads the header at the beginning of a connection from the bytes that have come. */
export function readProxyHeader(bytes: Buffer, mode: ProxyMode): ProxyHeader {
  if (mode !== 'v2' && beginsLike(bytes, V1)) return bytes.length < V1.length ? more(bytes) : readV1(bytes);
  if (mode !== 'v1' && beginsLike(bytes, V2)) return bytes.length < V2_FIXED ? more(bytes) : readV2(bytes);
  return mode === 'auto' ? NONE : MISSING;
}

/** Reads the headers of connections from peers that send them. */
export function proxyReader(mode: ProxyMode, allowed: TrustedPeers): (socket: Socket) => ReadPreamble {
  const read = (bytes: Buffer, socket: Socket): Step => {
    const header = readProxyHeader(bytes, mode);
    switch (header.kind) {
      case 'more':
        return header;
      case 'bad':
        return { kind: 'refuse', fault: header.fault };
      case 'none':
        return { kind: 'go', rest: bytes };
      case 'header':
        note(socket, header.sender);
        return { kind: 'go', rest: bytes.subarray(header.length) };
    }
  };
  return (socket) => (allowed.trustsPeer(socket) ? read : null);
}

function note(socket: Socket, sender: Sender): void {
  if (sender === 'itself') return;
  // The headers may be those of the client that the proxy does not know.
  if (sender === 'unknown') distrust(socket);
  else tellOrigin(socket, { ...sender, host: null, prefix: null });
}

function more({ length }: Buffer): ProxyHeader {
  return { kind: 'more', least: length + 1 };
}

function beginsLike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.compare(start, 0, length, 0, length) === 0;
}

function readV1(bytes: Buffer): ProxyHeader {
  const text = bytes.toString('latin1', 0, V1_BYTES);
  const end = text.indexOf('\r\n');
  if (end < 0) return bytes.length < V1_BYTES ? more(bytes) : BAD;
  const match = LINE.exec(text.slice(0, end));
  if (match === null) return BAD;
  const length = end + 2;
  const [, unknown, family = '', from = '', to = '', fromPort, toPort] = match;
  if (unknown !== undefined) return { kind: 'header', sender: 'unknown', length };
  const areValid = [from, to].every((address) => isIP(address) === Number(family) && !address.includes('%'));
  if (!areValid || Number(fromPort) > LAST_PORT || Number(toPort) > LAST_PORT) return BAD;
  const address = plainAddress(from.toLowerCase());
  return { kind: 'header', sender: { address, port: Number(fromPort), scheme: 'http' }, length };
}

function readV2(bytes: Buffer): ProxyHeader {
  const version = bytes.readUInt8(12) >> 4;
  const command = bytes.readUInt8(12) & 0x0f;
  const family = bytes.readUInt8(13);
  const length = V2_FIXED + bytes.readUInt16BE(14);
  if (version !== 2 || command > 1 || length > V2_BYTES) return BAD;
  if (bytes.length < length) return { kind: 'more', least: length };
  // LOCAL: a health check, mostly.
  if (command === 0) return { kind: 'header', sender: 'itself', length };
  const addresses = ADDRESSES[family] ?? 0;
  const isSecure = cameByTls(bytes.subarray(V2_FIXED + addresses, length));
  if (length < V2_FIXED + addresses || isSecure === null) return BAD;
  if (family !== TCP4 && family !== TCP6) return { kind: 'header', sender: 'unknown', length };
  const size = family === TCP4 ? 4 : 16;
  const address = addressOf(bytes.subarray(V2_FIXED, V2_FIXED + size));
  const port = bytes.readUInt16BE(V2_FIXED + 2 * size);
  return { kind: 'header', sender: { address, port, scheme: isSecure ? 'https' : 'http' }, length };
}

/** Whether the additional fields say that the client came over TLS; null where they are not valid. */
function cameByTls(fields: Buffer): boolean | null {
  let isSecure = false;
  for (let at = 0; at < fields.length; ) {
    if (at + 3 > fields.length) return null;
    const value = at + 3;
    const end = value + fields.readUInt16BE(at + 1);
    if (end > fields.length) return null;
    if (fields[at] === SSL && end > value) isSecure = (fields.readUInt8(value) & SSL_CLIENT) !== 0;
    at = end;
  }
  return isSecure;
}

function addressOf(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = bytes.toString('hex').match(/.{4}/g) ?? [];
  const { SocketAddress } = process.getBuiltinModule('node:net');
  return plainAddress(new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address);
}
