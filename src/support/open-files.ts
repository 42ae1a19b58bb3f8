import { fs } from './builtins.ts';

/** How to get more, for messages. */
export const MORE_FILES = 'raise the limit (ulimit -n, LimitNOFILE= in a unit)';

/** How many files this process may have open, and its children with it: Node itself has raised it as far as it may. Infinity where that is not known. */
export function openFilesLimit(): number {
  try {
    const [, soft = ''] = /^Max open files +(\d+)/m.exec(fs.readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === '' ? Infinity : Number(soft);
  } catch {
    // Not Linux.
    return Infinity;
  }
}

/** How many of them are left to everything but connections: to Node, and to what the application opens for each request. */
export function filesInReserve(limit: number): number {
  return limit === Infinity ? 0 : Math.min(64, Math.ceil(limit / 8));
}

/** What a worker has open itself: its sockets, pipes and event loops. */
const OWN_FILES = 32;

/** Says so where the limit allows a worker fewer connections than it is to hold; null where it does not. */
export function tooFewFiles(connections: number, limit = openFilesLimit()): string | null {
  const possible = Math.max(1, limit - filesInReserve(limit) - OWN_FILES);
  if (connections <= possible) return null;
  return `asks for ${connections}, but a worker can hold only about ${possible}, because it may have ${limit} files open; ${MORE_FILES}, or lower it`;
}
