import { type Address, isOfSlots, parseAddress } from '../../settings/address.ts';
import type { Loaded } from '../../settings/load.ts';
import { nameSetting } from '../../settings/origin.ts';
import { UsageError } from '../../support/errors.ts';
import type { SystemdVariables } from './variables.ts';

/** SD_LISTEN_FDS_START: the first descriptor that is passed. */
const FIRST_FD = 3;
/** Every worker inherits each of them, so more than a few is a mistake; a process may open 1024 where nobody says so. */
const MOST_FDS = 256;

/**
 * Reads LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES as sd_listen_fds_with_names(3) does; `pid` is our own. Throws a
 * UsageError for a count that makes no sense. Whether the descriptors are sockets is seen when they are bound.
 */
export function passedSockets(variables: SystemdVariables, pid: number): readonly Address[] {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = variables;
  if (LISTEN_FDS === undefined || LISTEN_PID !== String(pid)) return [];
  const count = /^\d+$/.test(LISTEN_FDS) ? Number(LISTEN_FDS) : Number.NaN;
  if (Number.isNaN(count))
    throw new UsageError(
      `LISTEN_FDS=${LISTEN_FDS}: expected the number of passed sockets; unset it, or let systemd set it`,
    );
  if (count > MOST_FDS)
    throw new UsageError(
      `LISTEN_FDS=${LISTEN_FDS}: descriptors up to ${FIRST_FD + count - 1} are too many; pass at most ${MOST_FDS} sockets`,
    );
  const names = LISTEN_FDNAMES?.split(':') ?? [];
  return Array.from({ length: count }, (_, index) => passed(FIRST_FD + index, names[index]));
}

/** One line where not everything that was asked for is done: sockets for another process, binds that are replaced. */
export function activationNotice(
  { LISTEN_PID = 'not set' }: SystemdVariables,
  { settings, origins, sockets }: Pick<Loaded, 'settings' | 'origins' | 'sockets'>,
  pid: number,
): string | null {
  if (LISTEN_PID !== String(pid))
    return `No socket of LISTEN_FDS is used, because LISTEN_PID is ${LISTEN_PID} and this is ${pid}; ExecStart= must start tsunicorn itself`;
  const source = nameSetting(origins.bind, 'bind');
  const unused = settings.bind.filter((text) => !isOfSlots(text) && parseAddress(source, text).kind !== 'fd');
  if (sockets.length === 0 || origins.bind.source === 'default' || unused.length === 0) return null;
  return `${source} ${unused.join(', ')} is not used: systemd passed the sockets to serve on (LISTEN_FDS)`;
}

function passed(fd: number, given: string | undefined): Address {
  // systemd's own word for a socket without a name.
  const name = given === 'unknown' ? '' : given;
  return {
    kind: 'fd',
    source: `LISTEN_FDS fd://${fd}${name ? ` (${name})` : ''}`,
    fd,
    ...(name ? { name } : {}),
  };
}
