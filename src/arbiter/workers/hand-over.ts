import type { HandedListener, HandedSide } from '../../process/ipc/boot-spec.ts';
import { classNameOf } from '../../settings/class-name.ts';
import { type Generation, listenersIn } from '../change/generation.ts';

/** The first descriptor after stdin, stdout, stderr and the channel. */
const FIRST_LISTENER_FD = 4;
/** The kernel caps it at net.core.somaxconn, which is also what systemd asks for. */
const LONGEST_BACKLOG = 2 ** 31 - 1;

/** How the listeners of a generation are inherited by a worker. */
export interface HandOver {
  /** The descriptors that follow the channel, in order. */
  readonly fds: readonly number[];
  /** What the worker is told of them, in the order of the binds. */
  readonly listeners: readonly HandedListener[];
  /** After the listeners. */
  readonly sides: readonly HandedSide[];
  /** The descriptor of the watchdog's pipe, after the sockets; null without a watchdog. */
  readonly watchdogFd: number | null;
}

/** Lays out the descriptors of a generation for a worker in that slot. */
export function handOver(generation: Generation, slot: number | null): HandOver {
  const { loaded } = generation;
  const listeners = listenersIn(generation, slot);
  // Node cannot accept without listen(2), which sets the length of the queue: one that came listening is not shortened.
  const keepsBacklog = loaded.origins.backlog.source === 'default';
  const sides = sidesOf(generation);
  const isTls = (index: number) => {
    const listener = listeners[index];
    return listener !== undefined && generation.tls?.isAt(generation.listeners.indexOf(listener)) === true;
  };
  const sockets = [...listeners, ...sides];
  return {
    fds: sockets.map(({ fd }) => fd),
    listeners: listeners.map(({ address: { kind, source }, url, place }, index) => ({
      fd: FIRST_LISTENER_FD + index,
      kind,
      source,
      url,
      ...(kind === 'fd' && keepsBacklog ? { backlog: LONGEST_BACKLOG } : {}),
      ...(place === undefined ? {} : { place }),
      ...(isTls(index) ? { isTls: true as const } : {}),
    })),
    sides: sides.map(({ place }, index) => ({ fd: FIRST_LISTENER_FD + listeners.length + index, place })),
    watchdogFd: loaded.settings.watchdog ? FIRST_LISTENER_FD + sockets.length : null,
  };
}

/** A worker that does not run the application itself would hold them open and never listen. */
function sidesOf({ loaded, sides = [], failure }: Generation) {
  return failure !== undefined || classNameOf(loaded.settings) === 'thread' ? [] : sides;
}
