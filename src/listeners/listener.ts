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
  /** Gives the file of a Unix socket, if it is still ours, to a user and group. Throws a UsageError. */
  giveTo?(owner: Owner): void;
}
