import type { Server } from 'node:net';
import type { Address } from '../settings/address.ts';
import type { Closing } from './closing.ts';
import type { Owner } from './owner.ts';

/** A bound socket that the arbiter holds and never accepts from; workers inherit `fd`. */
export interface Listener extends Closing {
  readonly address: Address;
  readonly fd: number;
  /** What a client would be told: the real port, the path. */
  readonly url: string;
  /** What the program asked for, if it was not the settings that named the address. */
  readonly place?: string;
  /**
   * Lets a server of this process listen on the socket, which close() closes then: a second handle on its descriptor would
   * go on watching the number, whatever it is given to next. Absent where that cannot be; the server listens on `fd` then,
   * which is for processes that end with it.
   */
  serveBy?(server: Server, backlog: number): void;
  /** Gives the file of a Unix socket, if it is still ours, to a user and group. Throws a UsageError. */
  giveTo?(owner: Owner): void;
}
