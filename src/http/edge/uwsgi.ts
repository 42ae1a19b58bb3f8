import type { Socket } from 'node:net';
import { type Origin, tellOrigin } from '../../support/origin.ts';
import { plainAddress } from '../../support/plain-address.ts';
import type { TrustedPeers } from '../../support/trusted-peers.ts';
import { FAULTS } from './fault.ts';
import type { ReadPreamble, Step } from './preamble.ts';

// https://uwsgi-docs.readthedocs.io/en/latest/Protocol.html

/** Modifier 1, the length of the variables, modifier 2. */
const HEADER_BYTES = 4;

const TOKEN = /^[!#$%&'*+.^`|~\w-]+$/;
const TARGET = /^[\x21-\x7e\x80-\xff]+$/;
const LENGTH = /^\d{1,16}$/;

/**
 * Variables that do not become headers. The first two have variables of their own; the body is what follows, however its
 * client sent it, and the connection ends with the answer.
 */
const LEFT_OUT: ReadonlySet<string> = new Set([
  ...['HTTP_CONTENT_LENGTH', 'HTTP_CONTENT_TYPE', 'HTTP_TRANSFER_ENCODING', 'HTTP_TE', 'HTTP_TRAILER'],
  ...['HTTP_CONNECTION', 'HTTP_KEEP_ALIVE', 'HTTP_PROXY_CONNECTION', 'HTTP_UPGRADE', 'HTTP_EXPECT'],
]);

const REFUSED: Step = { kind: 'refuse', fault: FAULTS.packet };
const FORBIDDEN: Step = { kind: 'refuse', fault: FAULTS.notAllowed };

/** Makes the head of a request of HTTP/1.0 of each packet; the body behind it stays as it is. */
export function uwsgiReader(allowed: TrustedPeers): (socket: Socket) => ReadPreamble {
  const forbid = () => FORBIDDEN;
  return (socket) => (allowed.trustsPeer(socket) ? readPacket : forbid);
}

function readPacket(bytes: Buffer, socket: Socket): Step {
  if (bytes.length < HEADER_BYTES) return { kind: 'more', least: HEADER_BYTES };
  // Other values are for other kinds of packets.
  if (bytes[0] !== 0 || bytes[3] !== 0) return REFUSED;
  const length = HEADER_BYTES + bytes.readUInt16LE(1);
  if (bytes.length < length) return { kind: 'more', least: length };
  const variables = variablesIn(bytes.subarray(HEADER_BYTES, length));
  const head = variables && headOf(variables);
  if (head === null) return REFUSED;
  tellOrigin(socket, originOf(variables as Variables));
  return { kind: 'go', rest: Buffer.concat([Buffer.from(head, 'latin1'), bytes.subarray(length)]) };
}

type Variables = ReadonlyMap<string, string>;

/** Null where lengths are wrong, or a variable comes twice. */
function variablesIn(bytes: Buffer): Variables | null {
  const variables = new Map<string, string>();
  let at = 0;
  const next = (): string | null => {
    if (at + 2 > bytes.length) return null;
    const start = at + 2;
    at = start + bytes.readUInt16LE(at);
    return at > bytes.length ? null : bytes.toString('latin1', start, at);
  };
  while (at < bytes.length) {
    const name = next();
    const value = name === null ? null : next();
    if (name === null || value === null || hasControls(value)) return null;
    // nginx sends the fields of a client that come twice as variables that do.
    const before = variables.get(name);
    if (before !== undefined && !name.startsWith('HTTP_')) return null;
    variables.set(
      name,
      before === undefined ? value : `${before}${name === 'HTTP_COOKIE' ? '; ' : ', '}${value}`,
    );
  }
  return variables;
}

/** Such as would begin another line. */
function hasControls(value: string): boolean {
  return /[^\t\x20-\x7e\x80-\xff]/.test(value);
}

/** Null where the variables are none of a request. */
function headOf(variables: Variables): string | null {
  const method = variables.get('REQUEST_METHOD') ?? '';
  const target = targetOf(variables);
  const length = variables.get('CONTENT_LENGTH') ?? '';
  const type = variables.get('CONTENT_TYPE') ?? '';
  if (!TOKEN.test(method) || !TARGET.test(target) || (length !== '' && !LENGTH.test(length))) return null;
  let head = `${method} ${target} HTTP/1.0\r\n`;
  if (length !== '') head += `Content-Length: ${length}\r\n`;
  if (type !== '') head += `Content-Type: ${type}\r\n`;
  for (const [name, value] of variables) {
    if (!name.startsWith('HTTP_') || LEFT_OUT.has(name)) continue;
    const field = name.slice('HTTP_'.length).replaceAll('_', '-');
    if (!TOKEN.test(field)) return null;
    head += `${capitalised(field)}: ${value}\r\n`;
  }
  return `${head}\r\n`;
}

/** As the client sent it; else it is put together of its parts. */
function targetOf(variables: Variables): string {
  const asSent = variables.get('REQUEST_URI') ?? '';
  if (asSent !== '') return asSent;
  const path = encodeURI(
    Buffer.from(
      `${variables.get('SCRIPT_NAME') ?? ''}${variables.get('PATH_INFO') ?? ''}`,
      'latin1',
    ).toString(),
  );
  const query = variables.get('QUERY_STRING') ?? '';
  return query === '' ? path || '/' : `${path || '/'}?${query}`;
}

function capitalised(name: string): string {
  return name.toLowerCase().replace(/(?:^|-)[a-z]/g, (start) => start.toUpperCase());
}

/** Where the proxy says that the request came from. */
function originOf(variables: Variables): Origin {
  const port = Number(variables.get('REMOTE_PORT') ?? '');
  const isSecure =
    variables.get('REQUEST_SCHEME') === 'https' || /^(?:on|1)$/i.test(variables.get('HTTPS') ?? '');
  const address = variables.get('REMOTE_ADDR') ?? '';
  return {
    address: process.getBuiltinModule('node:net').isIP(address) === 0 ? '' : plainAddress(address),
    port: Number.isInteger(port) && port > 0 && port <= 65_535 ? port : null,
    scheme: isSecure ? 'https' : 'http',
    host: null,
    prefix: null,
  };
}
