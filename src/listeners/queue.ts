import { fs } from '../support/builtins.ts';
import type { Listener } from './listener.ts';

// What Linux says of the connections that no process has accepted yet: proc_net_tcp(5), unix(7).

/** The queue of one listening socket; `port` is null where it is not of TCP. */
export interface Queued {
  readonly length: number;
  readonly port: number | null;
}

/** Reads a file of rows up to the first part with which `isEnough` is content. */
export type ReadRows = (file: string, isEnough: (text: string) => boolean) => string;

const ROWS_BYTES = 64 * 1024;
const LISTEN = '0A';
/** A connection to a Unix socket that is not accepted has the path of that socket, and no inode. */
const CONNECTING = '02';

/** The tables of the kernel, each read once and only if it is needed. */
export class ListeningRows {
  readonly #read: ReadRows;
  readonly #tables = new Map<string, readonly (readonly string[])[]>();

  constructor(read: ReadRows = readRows) {
    this.#read = read;
  }

  /**
   * The row of a listening socket; they come first, and there may be 100 000 connections behind them. The kernel looks at
   * every place of its table for connections, 10 ms long, where few are there: so the second table is read only if needed.
   */
  tcp(inode: string): readonly string[] | undefined {
    for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) {
      const found = this.#table(file, hasOtherStates).find((row) => row[3] === LISTEN && row[9] === inode);
      if (found) return found;
    }
    return undefined;
  }

  get unix(): readonly (readonly string[])[] {
    return this.#table('/proc/net/unix', () => false);
  }

  #table(file: string, isEnough: (text: string) => boolean): readonly (readonly string[])[] {
    const known = this.#tables.get(file);
    if (known) return known;
    const [, ...rows] = this.#read(file, isEnough).split('\n');
    const split = rows.map((row) => row.trim().split(/\s+/));
    this.#tables.set(file, split);
    return split;
  }
}

/** Where one asks every second, others are told the same. */
const RECENT_MS = 1500;

/** The tables as they were a moment ago: to read them can take the kernel milliseconds. */
export class RecentRows {
  readonly #make: () => ListeningRows;
  readonly #now: () => number;
  #latest: { readonly atMs: number; readonly rows: ListeningRows } | null = null;

  constructor(make = () => new ListeningRows(), now = () => performance.now()) {
    this.#make = make;
    this.#now = now;
  }

  /** As they are now. */
  now(): ListeningRows {
    this.#latest = { atMs: this.#now(), rows: this.#make() };
    return this.#latest.rows;
  }

  /** As somebody has read them within the last 1.5 s, otherwise as they are now. */
  recent(): ListeningRows {
    const { atMs, rows } = this.#latest ?? { atMs: -Infinity, rows: null };
    return rows === null || this.#now() - atMs > RECENT_MS ? this.now() : rows;
  }
}

/** Whether a part of the table has come in which sockets do not listen; its last row may be cut. */
function hasOtherStates(text: string): boolean {
  return /^ *\d+: [\dA-F]+:[\dA-F]{4} [\dA-F]+:[\dA-F]{4} (?!0A)[\dA-F]{2} /m.test(text);
}

/** The queue of a listening socket; null where the kernel does not list it. */
export function queueOf(
  { fd, url }: Pick<Listener, 'fd' | 'url'>,
  rows = new ListeningRows(),
  inode = inodeOf(fd),
): Queued | null {
  if (inode === null) return null;
  return url.startsWith('unix:') ? queuedOnUnix(rows, `${inode}`) : queuedOnTcp(rows, `${inode}`);
}

/** The longest that the queue of a socket gets: what was asked for, up to the limit of the system. */
export function queueLimit(backlog: number): number {
  try {
    return Math.min(backlog, Number(fs.readFileSync('/proc/sys/net/core/somaxconn', 'utf8')));
  } catch {
    return backlog;
  }
}

function queuedOnTcp(rows: ListeningRows, inode: string): Queued | null {
  // sl, local, remote, state, tx:rx, timer, retransmits, uid, timeout, inode
  const [, local = '', , , queues = ''] = rows.tcp(inode) ?? [];
  if (local === '') return null;
  return {
    length: Number.parseInt(queues.split(':')[1] ?? '', 16) || 0,
    port: Number.parseInt(local.split(':')[1] ?? '', 16) || null,
  };
}

function queuedOnUnix({ unix }: ListeningRows, inode: string): Queued | null {
  // Num, RefCount, Protocol, Flags, Type, State, Inode, Path
  const path = unix
    .find((row) => row[6] === inode)
    ?.slice(7)
    .join(' ');
  if (path === undefined || path === '') return null;
  const waiting = unix.filter((row) => row[5] === CONNECTING && row.slice(7).join(' ') === path);
  return { length: waiting.length, port: null };
}

function inodeOf(fd: number): number | null {
  try {
    return fs.fstatSync(fd).ino;
  } catch {
    // EBADF: a reload has closed it meanwhile.
    return null;
  }
}

/** The rows of a table of the kernel, up to the first part in which `isEnough`; none where there is no such table. */
function readRows(file: string, isEnough: (text: string) => boolean): string {
  let fd = -1;
  try {
    fd = fs.openSync(file, 'r');
    const part = Buffer.alloc(ROWS_BYTES);
    let text = '';
    for (;;) {
      const length = fs.readSync(fd, part);
      if (length === 0) return text;
      text += part.toString('latin1', 0, length);
      if (isEnough(text)) return text;
    }
  } catch {
    // Another system than Linux, or a container that hides it.
    return '';
  } finally {
    if (fd >= 0) fs.closeSync(fd);
  }
}
