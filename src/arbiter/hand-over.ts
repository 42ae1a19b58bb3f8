import { fs } from '../builtins.ts';
import type { ChildSpec } from '../child.ts';
import type { HandedListener } from '../ipc.ts';
import { type Address, isMovable } from '../listeners/address.ts';
import type { Settings } from '../settings/catalogue.ts';
import { classNameOf } from '../settings/class-name.ts';
import type { Generation } from './generation.ts';

// Behind stdin, stdout, stderr and the channel.
const FIRST_LISTENER_FD = 4;
const SHELL = '/bin/sh';
/** The kernel caps it at net.core.somaxconn, which is also what systemd asks for. */
const LONGEST_BACKLOG = 2 ** 31 - 1;
// As stdin in spawn's own stdio the socket would be made blocking, for every process that shares it.
const MOVE_TO_STDIN = `exec "$@" 0<&${FIRST_LISTENER_FD} ${FIRST_LISTENER_FD}<&-`;

/** How the listeners of a generation get into a worker. */
export interface HandOver {
  /** The command line, given the worker's own. */
  readonly command: ChildSpec['command'];
  /** The descriptors to inherit behind the channel, in order. */
  readonly fds: readonly number[];
  /** What the worker is told of them, in the order of the binds. */
  readonly listeners: readonly HandedListener[];
  /** Where the worker finds the pipe of its watchdog, behind the listeners; null where it is to have none. */
  readonly watchdogFd: number | null;
}

/**
 * A sync worker gets one listener as its descriptor 0, where libuv lets it be paused whatever its kind (workers/doors.ts):
 * the Unix socket, if there is one, for TCP can be paused elsewhere too.
 */
export function handOver({ loaded, listeners }: Generation, command: ChildSpec['command']): HandOver {
  const kept = keptIndex(
    loaded.settings,
    listeners.map(({ address }) => address),
  );
  const order = [...listeners.keys()].toSorted((a, b) => Number(b === kept) - Number(a === kept));
  // Node cannot accept without listen(2), which sets the length of the queue: one that came listening is not shortened.
  const keepsBacklog = loaded.origins.backlog.source === 'default';
  return {
    command: kept === null ? command : [SHELL, '-c', MOVE_TO_STDIN, SHELL, ...command],
    fds: order.flatMap((index) => listeners[index]?.fd ?? []),
    listeners: listeners.map(({ address: { kind, source } }, index) => ({
      fd: index === kept ? 0 : FIRST_LISTENER_FD + order.indexOf(index),
      kind,
      source,
      ...(kind === 'fd' && keepsBacklog ? { backlog: LONGEST_BACKLOG } : {}),
    })),
    watchdogFd: loaded.settings.watchdog ? FIRST_LISTENER_FD + listeners.length : null,
  };
}

function keptIndex(settings: Settings, addresses: readonly Address[]): number | null {
  if (classNameOf(settings) !== 'sync' || !fs.existsSync(SHELL)) return null;
  return Math.max(
    0,
    addresses.findIndex((address) => !isMovable(address)),
  );
}
