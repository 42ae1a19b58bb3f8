import type { Socket } from 'node:net';
import { carrierOf } from '../../carrier.ts';

/** So many files may be open for the streams of one connection. */
const FOR_CONNECTION = 4;
/** And so many for all connections of a worker, whose limit of descriptors is often 1024. */
const FOR_WORKER = 256;

/** The property of the socket of a connection that counts the files that are open for it. */
const OPEN = Symbol('openFiles');

/**
 * Limits how many files stay open while their clients read. A client of HTTP/2 asks for a hundred files at once, and may read
 * none of them: without a limit a dozen of those would take all descriptors of the worker.
 */
export class OpenFiles {
  #count = 0;

  /** Lets a file stay open until what is returned is called, once; null where too many are. */
  keep(socket: Socket): (() => void) | null {
    const carrier: Socket & { [OPEN]?: { count: number } } = carrierOf(socket);
    carrier[OPEN] ??= { count: 0 };
    const own = carrier[OPEN];
    if (own.count >= FOR_CONNECTION || this.#count >= FOR_WORKER) return null;
    own.count++;
    this.#count++;
    return () => {
      own.count--;
      this.#count--;
    };
  }
}
