import { type Address, formatAddress } from '../settings/address.ts';
import { fs } from '../support/builtins.ts';
import { codeOf, UsageError } from '../support/errors.ts';
import { closing } from './closing.ts';
import type { Listener } from './listener.ts';

type FdAddress = Address & { kind: 'fd' };

/** What the kernel's tables say of a socket; nothing where it is of another network namespace, or the system not Linux. */
export type SocketEntry =
  | { readonly family: 'tcp'; readonly connected: boolean }
  | {
      readonly family: 'unix';
      readonly connected: boolean;
      readonly stream: boolean;
      readonly path: string | null;
    }
  | { readonly family: 'udp' };

/**
 * Takes over a socket that whoever started us has bound. It is never unlinked, and its queue is not ours to empty: it
 * lives on with its owner. Throws a UsageError for what cannot be listened on.
 */
export function inherit(address: FdAddress): Listener {
  const entry = findSocket(socketInode(address), readTable);
  if (entry !== null) refuseUnlistenable(address, entry);
  const path = entry?.family === 'unix' ? entry.path : null;
  return {
    address,
    fd: address.fd,
    url: path === null ? formatAddress(address) : `unix:${path}`,
    ...closing(() => fs.closeSync(address.fd)),
  };
}

function socketInode({ source, fd }: FdAddress): number {
  let stat: ReturnType<typeof fs.fstatSync>;
  try {
    stat = fs.fstatSync(fd);
  } catch (error) {
    throw new UsageError(
      `${source}: no such open descriptor (${codeOf(error)}); the process that starts tsunicorn must pass the socket`,
    );
  }
  if (!stat.isSocket()) throw new UsageError(`${source}: the descriptor is not a socket`);
  return stat.ino;
}

function refuseUnlistenable({ source }: FdAddress, entry: SocketEntry): void {
  if (entry.family === 'udp' || (entry.family === 'unix' && !entry.stream))
    throw new UsageError(
      `${source}: it is a datagram socket, and HTTP needs a stream socket; write ListenStream= in the socket unit`,
    );
  if (entry.connected)
    throw new UsageError(
      `${source}: it is a connection, not a listening socket; write Accept=no in the socket unit`,
    );
}

/** Looks a socket up by its inode; `read` gives a file of /proc/self/net (proc(5)). The smallest tables come first. */
export function findSocket(inode: number, read: (table: string) => string): SocketEntry | null {
  return (
    unixSocket(read('unix'), inode) ??
    (inetState(read('udp') + read('udp6'), inode) === null ? null : { family: 'udp' }) ??
    tcpSocket(inetState(read('tcp') + read('tcp6'), inode))
  );
}

function tcpSocket(state: string | null): SocketEntry | null {
  return state === null ? null : { family: 'tcp', connected: state !== TCP_LISTEN };
}

const TCP_LISTEN = '0A';

/** The column `st` of the line that has the inode; the tables may be as long as a proxy has connections. */
function inetState(table: string, inode: number): string | null {
  const line = new RegExp(`^ *\\d+: \\S+ \\S+ (\\S+) \\S+ \\S+ \\S+ +\\d+ +\\d+ ${inode} `, 'm');
  return line.exec(table)?.[1] ?? null;
}

const SOCK_STREAM = '0001';
const SS_UNCONNECTED = '01';

function unixSocket(table: string, inode: number): SocketEntry | null {
  // Num RefCount Protocol Flags Type St Inode Path
  const line = new RegExp(`^\\S+ \\S+ \\S+ \\S+ (\\S+) (\\S+) +${inode}(?: (.+))?$`, 'm').exec(table);
  if (line === null) return null;
  const [, type, state, path = null] = line;
  return { family: 'unix', stream: type === SOCK_STREAM, connected: state !== SS_UNCONNECTED, path };
}

function readTable(name: string): string {
  try {
    return fs.readFileSync(`/proc/self/net/${name}`, 'utf8');
  } catch {
    // No such table: whether the socket can be listened on is found out by the first worker.
    return '';
  }
}
