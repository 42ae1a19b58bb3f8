import type { Stats } from 'node:fs';
import net from 'node:net';
import { dirname, resolve } from 'node:path';
import {
  type Address,
  checkLength,
  formatAddress,
  formatTcp,
  overlap,
  parseAddress,
} from '../settings/address.ts';
import { fs } from '../support/builtins.ts';
import { codeOf, messageOf, UsageError } from '../support/errors.ts';
import { closing } from './closing.ts';
import type { Listener } from './listener.ts';
import { giveAll, giveAway, type Owner } from './owner.ts';
import { isAbandoned, refusalAt } from './stale.ts';

declare module 'node:net' {
  // Node has it since 24.20 and 26.7; its types do not name it yet.
  interface BoundSocketOptions {
    path?: string;
  }
}

/** The system refused to bind an address. */
export class BindError extends UsageError {
  readonly address: Address;
  readonly code: string | undefined;

  constructor(address: Address, error: unknown) {
    super(explainBind(address.source, codeOf(error), messageOf(error)));
    this.address = address;
    this.code = codeOf(error);
  }
}

/**
 * Binds one address without listening; where it is a twin on port 0, on the port of the last of the listeners before.
 * Throws a UsageError that names `--bind` and the cure.
 */
export async function bind(address: Address, before: readonly Listener[] = []): Promise<Listener> {
  switch (address.kind) {
    case 'tcp':
      return bindTcp(address, portFor(address, before));
    case 'unix':
      return bindPath(address);
    case 'abstract':
      return fromBound(address, bindOrExplain(address, { path: `\0${address.name}` }));
    case 'fd': {
      const { inherit } = await import('./inherited.ts');
      return inherit(address);
    }
  }
}

/**
 * Binds all or none: when one cannot be bound, those that were bound are released again. The files of Unix sockets belong
 * to `owner`, if there is one, whom their mode lets connect.
 */
export async function bindAll(addresses: readonly Address[], owner?: Owner): Promise<readonly Listener[]> {
  const bound: Listener[] = [];
  try {
    for (const address of addresses) {
      refuseTwin(bound, address);
      bound.push(await bindBeside(bound, address));
    }
    if (owner) giveAll(bound, owner);
    return bound;
  } catch (error) {
    for (const listener of bound) discard(listener);
    throw error;
  }
}

const MAX_TRIES = 10;

/** The kernel chooses a port that is free at the first of two addresses. If it is taken at the second, both are bound again. */
async function bindBeside(bound: Listener[], address: Address): Promise<Listener> {
  for (let tries = 1; ; tries++) {
    try {
      return await bind(address, bound);
    } catch (error) {
      const first = bound.at(-1);
      const mayRetry = address.kind === 'tcp' && address.isTwin === true && needsPort(address);
      if (!mayRetry || first === undefined || codeOf(error) !== 'EADDRINUSE' || tries === MAX_TRIES)
        throw error;
      bound.splice(-1, 1, await bind(first.address));
      discard(first);
    }
  }
}

function needsPort({ port, pairPort }: Address & { kind: 'tcp' }): boolean {
  return port === 0 && pairPort === undefined;
}

function portFor(address: Address & { kind: 'tcp' }, before: readonly Listener[]): number {
  const first = before.at(-1);
  if (!needsPort(address)) return address.pairPort ?? address.port;
  if (address.isTwin !== true || first === undefined) return address.port;
  const at = parseAddress('', first.url);
  return at.kind === 'tcp' ? at.port : address.port;
}

/**
 * Refuses a second bind to the same address. The kernel allows it as long as neither socket listens, so it would fail in a
 * worker, too late to say that the service itself is in the way.
 */
function refuseTwin(bound: readonly Listener[], address: Address): void {
  const twin = bound.find(({ address: own, url }) =>
    // By its URL: the address may say port 0.
    own.kind === 'tcp'
      ? overlap(parseAddress('', url), address)
      : formatAddress(own) === formatAddress(address),
  );
  if (twin === undefined) return;
  throw new UsageError(`${address.source}: it overlaps ${twin.address.source}; remove one of them`);
}

/** Closes a listener that is not used after all. An inherited descriptor stays open, as it cannot be inherited again. */
export function discard(listener: Listener): void {
  if (listener.address.kind !== 'fd') listener.close();
}

/** The URL that a listener on the address has, but for port 0; two addresses with the same one cannot both be bound. */
export async function urlOf(address: Address): Promise<string> {
  if (address.kind === 'unix') return formatAddress({ ...address, path: resolve(address.path) });
  if (address.kind !== 'tcp') return formatAddress(address);
  const host = await numericHost(address);
  // Of IPv6 there are several spellings; with a zone (fe80::1%eth0) Node does not parse it.
  const normal = net.isIPv6(host) && !host.includes('%');
  const { address: at } = normal
    ? new net.SocketAddress({ address: host, family: 'ipv6' })
    : { address: host };
  return formatTcp(at, address.port);
}

async function bindTcp(address: Address & { kind: 'tcp' }, port: number): Promise<Listener> {
  const host = await numericHost(address);
  const socket = bindOrExplain(address, { host, port });
  const at = socket.address() as net.AddressInfo;
  return fromBound(address, socket, formatTcp(at.address, at.port));
}

async function numericHost(address: Address & { kind: 'tcp' }): Promise<string> {
  if (net.isIP(address.host)) return address.host;
  const { lookup } = await import('node:dns/promises');
  try {
    return (await lookup(address.host, { order: 'ipv4first' })).address;
  } catch (error) {
    throw new UsageError(
      `${address.source}: cannot resolve "${address.host}" (${codeOf(error) ?? messageOf(error)}); write an address of this machine`,
    );
  }
}

/** Takes over a stale file. BoundSocket would unlink the path when it closes even if another process owns it by then: check first. */
async function bindPath(address: Address & { kind: 'unix' }): Promise<Listener> {
  const path = resolve(address.path);
  checkLength(address.source, path);
  if (!isDirectory(dirname(path))) throw new UsageError(`${address.source}: ${CURES.ENOENT}`);
  await removeStale(address, path);
  const socket = bindOrExplain(address, { path });
  const { dev, ino } = fs.lstatSync(path);
  const isOurs = () => {
    try {
      const stat = fs.lstatSync(path, { throwIfNoEntry: false });
      return stat === undefined || (stat.dev === dev && stat.ino === ino);
    } catch {
      // ENOTDIR, EACCES: the directory has changed.
      return false;
    }
  };
  const { release, serveBy } = served(socket);
  // The path belongs to another process: the socket cannot be reached any more and may stay open until this process ends.
  const close = () => {
    if (isOurs()) release();
  };
  const giveTo = (owner: Owner) => {
    if (isOurs()) giveAway(address.source, path, owner);
  };
  const url = formatAddress({ ...address, path });
  return { address, fd: socket.fd(), url, serveBy, giveTo, ...closing(close) };
}

function isDirectory(path: string): boolean {
  try {
    return fs.statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Removes a socket's file on which nobody listens. Rejects with a UsageError where anything else is there. */
export async function removeStale(address: Address, path: string): Promise<void> {
  const stat = lookAt(address, path);
  if (stat === undefined) return;
  if (!stat.isSocket()) {
    throw new UsageError(
      `${address.source}: the file exists and is not a socket; remove it or choose another path`,
    );
  }
  const refusal = await refusalAt(path);
  if (isAbandoned(path, refusal)) return fs.rmSync(path, { force: true });
  if (refusal === 'EACCES')
    throw new BindError(address, Object.assign(new Error(refusal), { code: refusal }));
  throw new UsageError(
    `${address.source}: another server is listening there; stop it or choose another path`,
  );
}

function lookAt(address: Address, path: string): Stats | undefined {
  try {
    return fs.lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // EACCES: the directory may not even be entered.
    throw new BindError(address, error);
  }
}

function fromBound(address: Address, socket: net.BoundSocket, url = formatAddress(address)): Listener {
  const { release, serveBy } = served(socket);
  return { address, fd: socket.fd(), url, serveBy, ...closing(release) };
}

/** What ends the socket, be it bound alone or taken over by a server that listens on it. */
function served(socket: net.BoundSocket) {
  let server: net.Server | null = null;
  return {
    release: () => void (server ?? socket).close(),
    serveBy(by: net.Server, backlog: number): void {
      server = by;
      by.listen(socket, backlog);
    },
  };
}

function bindOrExplain(address: Address, options: net.BoundSocketOptions): net.BoundSocket {
  try {
    return new net.BoundSocket(options);
  } catch (error) {
    throw new BindError(address, error);
  }
}

const CURES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the address is already in use; stop what holds it (`ss -ltnp` shows it) or choose another',
  EACCES:
    'permission denied; a port below 1024 needs root or CAP_NET_BIND_SERVICE, a path needs a writable directory',
  EPERM: 'permission denied; choose another address',
  EADDRNOTAVAIL:
    'this machine does not have that address; write one of its own, or 0.0.0.0 for every interface',
  EAFNOSUPPORT: 'this machine does not support that kind of address',
  ENOENT: 'the directory does not exist; create it or choose another path',
  ENOTDIR: 'the directory does not exist; create it or choose another path',
  EROFS: 'the file system is read-only; choose another path',
};

/** The one line for an address that cannot be bound or, found out later in a worker, cannot be listened on. */
export function explainBind(source: string, code: string | undefined, message: string): string {
  return `${source}: ${(code && CURES[code]) ?? message}`;
}

/**
 * For the log: what each listener is, by what the worker that listens on it knows: whether its application ends TLS, or
 * does not speak HTTP, and what an inherited descriptor is.
 */
export function describeListeners(
  listeners: readonly Listener[],
  urls: readonly string[],
): readonly string[] {
  return listeners.map(({ address, url }, index) => {
    if (address.kind !== 'fd')
      return url.replace(/^http:/, `${/^[a-z]+(?=:)/.exec(urls[index] ?? '')?.[0] ?? 'http'}:`);
    return `${urls[index] || url}${address.name === undefined ? '' : ` (${address.name})`}`;
  });
}
