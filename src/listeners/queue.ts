import { fs } from '../support/builtins.ts';
import type { Listener } from './listener.ts';

/** The connections that the kernel has accepted for a socket and no worker has taken; null where that cannot be seen. */
export function queueOf({ fd, url }: Pick<Listener, 'fd' | 'url'>): number | null {
  try {
    if (url.startsWith('unix:')) return waitingAt(url.slice('unix:'.length));
    return queued(`${fs.fstatSync(fd).ino}`);
  } catch {
    // No /proc (macOS), or the socket is closed.
    return null;
  }
}

/** The longest that the queue of a socket gets: what was asked for, up to the limit of the system. */
export function queueLimit(backlog: number): number {
  try {
    return Math.min(backlog, Number(fs.readFileSync('/proc/sys/net/core/somaxconn', 'utf8')));
  } catch {
    return backlog;
  }
}

const LISTEN = '0A';
/** A connection to the path that was not accepted yet (SS_CONNECTING of proc(5)). */
const CONNECTING = '02';

function queued(inode: string): number | null {
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const row = rows(file).find((fields) => fields[9] === inode && fields[3] === LISTEN);
    if (row) return Number.parseInt(row[4]?.split(':')[1] ?? '0', 16);
  }
  return null;
}

function waitingAt(path: string): number {
  return rows('/proc/net/unix').filter((fields) => fields[5] === CONNECTING && fields[7] === path).length;
}

function rows(file: string): readonly (readonly string[])[] {
  const lines = fs.readFileSync(file, 'utf8').split('\n').slice(1);
  return lines.map((line) => line.trim().split(/\s+/));
}
