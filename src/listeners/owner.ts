import type { Address } from '../settings/address.ts';
import { fs } from '../support/builtins.ts';
import { codeOf, UsageError } from '../support/errors.ts';

/** Whom a Unix socket's file is to belong to. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Gives the file of a Unix socket away, naming `source` in a UsageError where that is not allowed. */
export function giveAway(source: string, path: string, { uid, gid }: Owner): void {
  try {
    fs.lchownSync(path, uid, gid);
  } catch (error) {
    throw new UsageError(
      `${source}: cannot give the socket to ${uid}:${gid} (${codeOf(error)}); it needs the capability CHOWN`,
    );
  }
}

interface Given {
  readonly address: Address;
  giveTo?(owner: Owner): void;
}

/** Gives the files of Unix sockets away, except for those of sockets that are for the arbiter alone. */
export function giveAll(listeners: readonly Given[], owner: Owner): void {
  for (const listener of listeners) if (!listener.address.isArbiters) listener.giveTo?.(owner);
}
