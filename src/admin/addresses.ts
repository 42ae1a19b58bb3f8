import { type Address, expandLocalhost, hasAddress, parseAddress } from '../settings/address.ts';
import { UsageError } from '../support/errors.ts';

/** The addresses of --admin-bind, which `source` names. Throws a UsageError. */
export function adminAddresses(source: string, text: string): readonly Address[] {
  const address = parseAddress(source, text);
  if (address.kind === 'fd')
    throw new UsageError(
      `${address.source}: an inherited descriptor is for workers; write host:port or unix:path`,
    );
  if (address.isTls)
    throw new UsageError(
      `${address.source}: the arbiter itself speaks plain HTTP; write it without tls:, on an address that only this machine can reach`,
    );
  return expandLocalhost(address, hasAddress).map((one) => ({ ...one, isArbiters: true }));
}
