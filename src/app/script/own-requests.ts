import type { AddressInfo, Socket } from 'node:net';
import { isIP } from 'node:net';

/** Where a socket of this process is about to connect. */
export interface Target {
  readonly port: number;
  /** A name or an address; null for this machine. */
  readonly host: string | null;
}

/** Returns the port of 127.0.0.1 to connect to instead; null to let it be. */
type Redirect = (target: Target) => number | null;

type Connect = Socket['connect'];

/**
 * Asks `redirect` about each connection that this process opens by TCP, for HTTP or anything else, with TLS or without.
 * Returns what ends that.
 */
export function watchOwnRequests(redirect: Redirect): () => void {
  const { prototype } = process.getBuiltinModule('node:net').Socket;
  const { connect } = prototype;
  const watched = function (this: Socket, ...args: unknown[]) {
    return Reflect.apply(connect, this, redirected(args, redirect));
  } as Connect;
  // On the prototype, since a TLSSocket connects by it without a word, and programs wrap net.connect().
  prototype.connect = watched;
  return () => {
    if (prototype.connect === watched) prototype.connect = connect;
  };
}

const OWN_HOST = '127.0.0.1';

/** The arguments of socket.connect(), in any of its forms. */
function redirected(args: readonly unknown[], redirect: Redirect): readonly unknown[] {
  const [first, ...others] = args;
  // node:net itself passes what it has read from such arguments.
  if (Array.isArray(first)) {
    const [options] = redirected(first, redirect);
    if (options !== first[0]) first[0] = options;
    return args;
  }
  if (typeof first === 'object' && first !== null) {
    const target = targetOf(first);
    const port = target && redirect(target);
    return port === null ? args : [{ ...first, port, host: OWN_HOST }, ...others];
  }
  const [second] = others;
  const isNamed = typeof second === 'string';
  const target = targetOf({ port: first, host: isNamed ? second : undefined });
  const port = target && redirect(target);
  return port === null ? args : [port, OWN_HOST, ...(isNamed ? others.slice(1) : others)];
}

function targetOf(options: object): Target | null {
  const path: unknown = Reflect.get(options, 'path');
  const port = Number(Reflect.get(options, 'port') ?? Number.NaN);
  // Whoever connects over a path gives no port; HTTP clients pass the path of their request along.
  if (Number.isNaN(port) || (typeof path === 'string' && Reflect.get(options, 'port') === undefined))
    return null;
  const host: unknown = Reflect.get(options, 'host');
  return { port, host: typeof host === 'string' && host !== '' ? host : null };
}

/** Whether a client that connects to `target` reaches a server that is told that it listens at `address`. */
export function reaches({ port, host }: Target, address: AddressInfo | null): boolean {
  if (address === null || port !== address.port) return false;
  if (host === address.address) return true;
  return isLoopback(host) && (isLoopback(address.address) || isEvery(address.address));
}

function isLoopback(host: string | null): boolean {
  if (host === null || host === 'localhost' || host === '::1') return true;
  return (isIP(host) === 4 && host.startsWith('127.')) || isEvery(host);
}

/** On this machine a client that connects to these addresses reaches itself. */
function isEvery(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}
