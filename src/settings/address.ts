import { resolve } from 'node:path';
import { UsageError } from '../support/errors.ts';

/**
 * Where to listen, as parsed from one `--bind`. `source` is how the operator named it, for error lines. An address with a
 * `slot` is for the workers in that slot only.
 */
export type Address = Place & {
  readonly slot?: number;
  /** Written with `tls:`, so that clients speak TLS there. */
  readonly isTls?: true;
  /** For the arbiter alone: the file of a Unix socket stays its own. */
  readonly isArbiters?: true;
};

type Place =
  | {
      readonly kind: 'tcp';
      readonly source: string;
      readonly host: string;
      readonly port: number;
      /** Port 0 is the port of the address before it. */
      readonly isTwin?: true;
      /** In place of port 0: the port of its pair, which is open already. */
      readonly pairPort?: number;
    }
  | { readonly kind: 'unix'; readonly source: string; readonly path: string }
  | { readonly kind: 'abstract'; readonly source: string; readonly name: string }
  | {
      readonly kind: 'fd';
      readonly source: string;
      readonly fd: number;
      /** What whoever passed it calls it (FileDescriptorName= of a socket unit). */
      readonly name?: string;
    };

const DEFAULT_PORT = 8000;
/** Of the path of a Unix socket: sockaddr_un has 108, one of them for the terminating zero (unix(7)); 104 on macOS and BSD. */
export const MAX_PATH_BYTES = process.platform === 'linux' ? 107 : 103;

/**
 * Parses `host:port`, `host`, `:port`, `[v6]:port`, `unix:/path`, `unix:@abstract` and `fd://N`, each perhaps behind `tls:`.
 * `origin` is where the text stands (`--bind`, `PORT`); throws a UsageError that names it.
 */
export function parseAddress(origin: string, text: string): Address {
  const source = `${origin} ${text}`;
  const { isTls, rest } = splitTls(text);
  return isTls ? { ...parsePlace(source, rest), isTls } : parsePlace(source, rest);
}

function parsePlace(source: string, text: string): Address {
  if (text.startsWith('unix:')) return parsePath(source, text.slice('unix:'.length));
  if (text.startsWith('fd://')) return parseFd(source, text.slice('fd://'.length));
  return parseHostPort(source, text.replace(/^(tcp|https?):\/\//, ''));
}

/** Whether an address is written with `tls:`, and what is behind that. */
function splitTls(text: string) {
  const rest = text.replace(/^tls:(?:\/\/)?/, '');
  return { isTls: rest !== text, rest };
}

const SLOT = '{slot}';

/** Whether the text stands for an address of each slot. */
export function isOfSlots(text: string): boolean {
  return text.includes(SLOT);
}

/** As parseAddress(); a text with `{slot}` is one address for each of the slots from 0 up to `count`. */
export function parseBind(origin: string, text: string, count: number): readonly Address[] {
  if (!isOfSlots(text)) return [parseAddress(origin, text)];
  const { rest } = splitTls(text);
  if (rest.startsWith('fd://'))
    throw new UsageError(
      `${origin} ${text}: {slot} stands for a number in a port or a path, not in a descriptor`,
    );
  if (!rest.startsWith('unix:') && /:0*\{slot\}/.test(rest))
    throw new UsageError(
      `${origin} ${text}: slot 0 would have port 0; write digits before {slot}, as in :900{slot}`,
    );
  return Array.from({ length: count }, (_, slot) => ({
    ...parseAddress(origin, text.replaceAll(SLOT, `${slot}`)),
    slot,
  }));
}

/**
 * The addresses that `localhost` stands for: 127.0.0.1 and ::1, as a client may try either; of two on port 0 the second
 * takes the port of the first. Other addresses stay as they are. `hasLoopback` tells which of them this machine has.
 */
export function expandLocalhost(
  address: Address,
  hasLoopback: (host: string) => boolean,
): readonly Address[] {
  if (address.kind !== 'tcp' || address.host !== 'localhost') return [address];
  const [first, ...others] = ['127.0.0.1', '::1'].filter(hasLoopback);
  // Neither: the name's own address is tried, and the error says why it cannot be bound.
  if (first === undefined) return [address];
  const on = (host: string) => ({
    ...address,
    host,
    source: `${address.source} (${host.includes(':') ? `[${host}]` : host})`,
  });
  return [on(first), ...others.map((host) => ({ ...on(host), isTwin: true as const }))];
}

/** The addresses, where one of a pair on port 0 is open and the other is not: that one is to have the port of the open one. */
export function besidePairs(
  wanted: readonly { readonly address: Address; readonly url: string | undefined }[],
): readonly Address[] {
  const isTwin = (address: Address | undefined) => address?.kind === 'tcp' && address.isTwin === true;
  return wanted.map(({ address, url }, index) => {
    if (url !== undefined || address.kind !== 'tcp' || address.port !== 0) return address;
    const next = wanted[index + 1];
    const pair = isTwin(address) ? wanted[index - 1] : isTwin(next?.address) ? next : undefined;
    const at = pair?.url === undefined ? undefined : parseAddress('', pair.url);
    return at?.kind === 'tcp' ? { ...address, pairPort: at.port } : address;
  });
}

/** Whether an interface of this machine has the address. */
export function hasAddress(host: string): boolean {
  const { networkInterfaces } = process.getBuiltinModule('node:os');
  return Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === host));
}

/** The text of an address, where it is a path in the file system made absolute against `directory`. */
export function absoluteBind(text: string, directory: string): string {
  const [, tls = '', path] = /^(tls:(?:\/\/)?)?unix:(?:\/\/)?([^@\0][^\0]*)$/.exec(text) ?? [];
  return path === undefined ? text : `${tls}unix:${resolve(directory, path)}`;
}

/** The address as a URL; before port 0 is bound it still says 0. */
export function formatAddress(address: Address): string {
  switch (address.kind) {
    case 'tcp':
      return formatTcp(address.host, address.port);
    case 'unix':
      return `unix:${address.path}`;
    case 'abstract':
      return `unix:@${address.name}`;
    case 'fd':
      return `fd://${address.fd}`;
  }
}

/** `http://host:port` with the brackets that IPv6 needs. */
export function formatTcp(host: string, port: number): string {
  return host.includes(':') ? `http://[${host}]:${port}` : `http://${host}:${port}`;
}

/** Whether two sockets cannot listen on the two addresses at the same time, as far as the names tell. */
export function overlap(one: Address, other: Address): boolean {
  if (one.kind !== 'tcp' || other.kind !== 'tcp' || one.port !== other.port) return false;
  if (one.host === other.host || one.host === '::' || other.host === '::') return true;
  const isV6 = [one, other].map(({ host }) => host.includes(':'));
  return isV6[0] === isV6[1] && (one.host === '0.0.0.0' || other.host === '0.0.0.0');
}

/**
 * Where to listen, given what the operator wrote and the sockets that systemd passed: as in Gunicorn those replace every
 * bind but descriptors. The sockets of slots stay, too, since whoever passes one does not know the slots.
 */
export function withPassed(written: readonly Address[], passed: readonly Address[]): readonly Address[] {
  if (passed.length === 0) return written;
  const at = new Set(passed.map(formatAddress));
  return [
    ...written.filter(
      (address) => address.slot !== undefined || (address.kind === 'fd' && !at.has(formatAddress(address))),
    ),
    ...passed.map((address) =>
      isWrittenTls(written, address) ? { ...address, isTls: true as const } : address,
    ),
  ];
}

function isWrittenTls(written: readonly Address[], passed: Address): boolean {
  const at = formatAddress(passed);
  return written.some((address) => address.isTls === true && formatAddress(address) === at);
}

function parsePath(source: string, path: string): Address {
  if (path.startsWith('@')) return { kind: 'abstract', source, name: abstractName(source, path.slice(1)) };
  return { kind: 'unix', source, path: required(source, path.startsWith('//') ? path.slice(2) : path) };
}

/** Elsewhere the kernel would only say "invalid argument". */
function abstractName(source: string, name: string): string {
  if (process.platform !== 'linux')
    throw new UsageError(`${source}: only Linux has sockets without a file; write unix:/run/app.sock`);
  return required(source, name);
}

/** Refuses a path or abstract name that is too long for the kernel; Node would only say "invalid argument". */
export function checkLength(source: string, path: string): void {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES)
    throw new UsageError(
      `${source}: a socket's path has at most ${MAX_PATH_BYTES} bytes; choose a shorter one`,
    );
}

function required(source: string, path: string): string {
  if (path === '' || path.includes('\0'))
    throw new UsageError(`${source}: a path is missing; write unix:/run/app.sock`);
  checkLength(source, path);
  return path;
}

function parseFd(source: string, text: string): Address {
  const fd = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(fd >= 3 && fd < 1 << 20))
    throw new UsageError(`${source}: expected an inherited descriptor from 3 up, as in fd://3`);
  return { kind: 'fd', source, fd };
}

function parseHostPort(source: string, text: string): Address {
  if (/^\d+$/.test(text)) {
    throw new UsageError(`${source}: is it a port? Write 127.0.0.1:${text}, or :${text} for every interface`);
  }
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d+))?$/.exec(text);
  if (match === null) throw new UsageError(`${source}: expected host:port, [v6]:port, unix:path or fd://N`);
  const [, v6, name, portText] = match;
  const port = portText === undefined ? DEFAULT_PORT : Number(portText);
  if (port > 65535) throw new UsageError(`${source}: a port is a number from 0 to 65535`);
  const host = v6 ?? name ?? '';
  if (host === '') return { kind: 'tcp', source, host: v6 === undefined ? '0.0.0.0' : '::', port };
  if (/[\s/]/.test(host)) throw new UsageError(`${source}: "${host}" is not a host name`);
  return { kind: 'tcp', source, host, port };
}
