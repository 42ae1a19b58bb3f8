import { type Address, besidePairs, formatAddress } from '../settings/address.ts';
import { fs } from '../support/builtins.ts';
import { bind, urlOf } from './bind.ts';
import { closing } from './closing.ts';
import { inherit } from './inherited.ts';
import type { Listener } from './listener.ts';
import { giveAll, giveAway, type Owner } from './owner.ts';

/** A bound socket on its way from one arbiter to the next; plain data. `fd` is its number in the next one. */
export interface HandedSocket {
  readonly fd: number;
  /** The address as it was asked for: port 0 is 0 here, and the real one in `url`. */
  readonly asked: string;
  readonly url: string;
  /** Device and inode of a Unix socket's path, which tell whether the path still leads to it; null for the others. */
  readonly inode: string | null;
  /** What a program asked for, if it was not the settings that named the address. */
  readonly place?: string;
  /** `side` if it is beside where the service listens. */
  readonly role?: 'side';
}

/** A socket to hand over: a listener of the service, or one beside those. */
export type Handing = Pick<Listener, 'address' | 'fd' | 'url' | 'place'> & Pick<HandedSocket, 'role'>;

/** The outcome of a hand-over. */
export interface Adopted {
  /** In the order of the addresses. */
  readonly listeners: readonly Listener[];
  /** The handed sockets among them, by their place in what was handed. */
  readonly indexes: readonly number[];
}

/** Behind the standard streams. */
const FIRST_FD = 3;
/** An inherited descriptor keeps its number up to this; a higher one would mean a table of that size. */
const HIGHEST_KEPT_FD = 255;
/** In place of an inode where the path leads nowhere. */
const GONE = 'gone';

/** Describes the listeners for the next process, and lays their descriptors out for `spawn`'s stdio, from 3 on. */
export function handSockets(listeners: readonly Handing[]): {
  readonly sockets: readonly HandedSocket[];
  readonly fds: readonly (number | null)[];
} {
  const fds: (number | null)[] = [];
  const put = ({ address, fd }: Handing): number => {
    const own = address.kind === 'fd' && address.fd <= HIGHEST_KEPT_FD ? address.fd - FIRST_FD : -1;
    const free = fds.indexOf(null);
    const at = own >= 0 ? own : free < 0 ? fds.length : free;
    while (fds.length <= at) fds.push(null);
    fds[at] = fd;
    return at + FIRST_FD;
  };
  // Those whose number means something first.
  const numbered = listeners.filter(({ address }) => address.kind === 'fd');
  const others = listeners.filter(({ address }) => address.kind !== 'fd');
  const places = new Map([...numbered, ...others].map((listener) => [listener, put(listener)]));
  const sockets = listeners.map((listener) => ({
    fd: places.get(listener) ?? -1,
    asked: formatAddress(listener.address),
    url: listener.url,
    inode: listener.address.kind === 'unix' ? inodeOf(pathOf(listener.url)) : null,
    ...(listener.place === undefined ? {} : { place: listener.place }),
    ...(listener.role === undefined ? {} : { role: listener.role }),
  }));
  return { sockets, fds };
}

/**
 * Like bindAll(), but takes over the handed socket wherever an address asks for it again, and closes those that nothing
 * asks for. The adopted ones count as shared until the arbiter that handed them over is gone; their files stay whose they
 * are, those that are new belong to `owner`.
 */
export async function adoptAll(
  addresses: readonly Address[],
  handed: readonly HandedSocket[],
  owner?: Owner,
): Promise<Adopted> {
  const open = handed.filter(({ fd }) => isSocket(fd));
  const free = new Set(open.filter(isReachable));
  for (const { fd } of open.filter((socket) => !free.has(socket))) fs.closeSync(fd);
  const fresh: Listener[] = [];
  const indexes: number[] = [];
  const listeners: Listener[] = [];
  const obtain = async (address: Address, socket: HandedSocket | undefined): Promise<Listener> => {
    if (socket) {
      indexes.push(handed.indexOf(socket));
      return adopt(address, socket);
    }
    const listener = await bind(address, listeners);
    fresh.push(listener);
    return listener;
  };
  try {
    const matches = await matchAll(addresses, free);
    for (const { fd } of free) fs.closeSync(fd);
    const asked = besidePairs(matches.map(({ address, socket }) => ({ address, url: socket?.url })));
    for (const [index, address] of asked.entries())
      listeners.push(await obtain(address, matches[index]?.socket));
    if (owner) giveAll(fresh, owner);
    return { listeners, indexes };
  } catch (error) {
    for (const listener of fresh) listener.close();
    throw error;
  }
}

type Match = { readonly address: Address; readonly socket: HandedSocket | undefined };

/** Takes what matches out of `free`. Equal words come first: of two binds to port 0 each keeps its port. */
async function matchAll(addresses: readonly Address[], free: Set<HandedSocket>): Promise<readonly Match[]> {
  const take = (found: HandedSocket | undefined) => {
    if (found) free.delete(found);
    return found;
  };
  const exact = addresses.map((address) => ({
    address,
    socket: address.kind === 'unix' ? undefined : take(find(free, 'asked', formatAddress(address))),
  }));
  const matches: Match[] = [];
  for (const { address, socket } of exact)
    matches.push({ address, socket: socket ?? take(find(free, 'url', await urlOf(address))) });
  return matches;
}

function find(free: ReadonlySet<HandedSocket>, key: 'asked' | 'url', text: string): HandedSocket | undefined {
  return [...free].find((socket) => socket[key] === text);
}

function adopt(address: Address, socket: HandedSocket): Listener {
  const { fd, url, inode } = socket;
  if (address.kind === 'fd') return adoptInherited(address, socket);
  const leadsHere = () => inode !== null && inodeOf(pathOf(url)) === inode;
  const end = closing(() => {
    fs.closeSync(fd);
    if (leadsHere()) fs.rmSync(pathOf(url), { force: true });
  });
  end.setShared(true);
  const giveTo = (owner: Owner) => {
    if (leadsHere()) giveAway(address.source, pathOf(url), owner);
  };
  return { address, fd, url, giveTo, ...end };
}

/** Of somebody else's socket the number is all that is asked for; what it is must be found out again. */
function adoptInherited(asked: Address & { kind: 'fd' }, { fd }: HandedSocket): Listener {
  const listener = inherit({ ...asked, fd });
  listener.setShared(true);
  return { ...listener, address: { ...listener.address, ...{ fd: asked.fd } } as Address };
}

function isSocket(fd: number): boolean {
  try {
    return fs.fstatSync(fd).isSocket();
  } catch {
    // EBADF: it was not handed over.
    return false;
  }
}

/** Not where the path of a Unix socket is gone, or leads to another one. */
function isReachable({ url, inode }: HandedSocket): boolean {
  return inode === null || (inode !== GONE && inodeOf(pathOf(url)) === inode);
}

function pathOf(url: string): string {
  return url.slice('unix:'.length);
}

function inodeOf(path: string): string {
  try {
    const { dev, ino } = fs.lstatSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    // It is gone, or its directory has changed (ENOTDIR, EACCES).
    return GONE;
  }
}
