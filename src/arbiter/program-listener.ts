import { closing } from '../listeners/closing.ts';
import type { Listener } from '../listeners/listener.ts';
import type { PassedSocket } from '../process/passed-socket.ts';
import { parseAddress } from '../settings/address.ts';

/** The listener on a socket that a worker has bound, as the program asked for it with `place`. */
export function listenerOf(place: string, url: string, { fd, close }: PassedSocket): Listener {
  return { address: parseAddress(place, url), fd, url, place, ...closing(close) };
}
