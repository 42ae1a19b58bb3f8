import type { Address } from '../settings/address.ts';
import type { LoadedData } from '../settings/load.ts';
import { UsageError } from '../support/errors.ts';
import type { Certificates } from '../tls/certificates.ts';
import type { ReadMaterial } from '../tls/material.ts';
import type { TicketKeys } from '../tls/ticket-keys.ts';

/** Reads the certificates that the settings name; null where no client is to speak TLS. Rejects with a UsageError. */
export async function readTls(
  loaded: LoadedData,
  addresses: readonly Address[],
): Promise<ReadMaterial | null> {
  if (loaded.settings.certfile.length > 0) return (await import('../tls/material.ts')).readMaterial(loaded);
  const asking = addresses.find(({ isTls }) => isTls);
  if (asking !== undefined)
    throw new UsageError(
      `${asking.source}: there is no certificate; name one with --certfile, or write the address without tls:`,
    );
  return null;
}

/** The certificates of a generation; `keys` are those for tickets of the one before, or the descriptor of an old arbiter's. */
export async function certificatesOf(
  loaded: LoadedData,
  read: ReadMaterial,
  addresses: readonly Address[],
  keys: TicketKeys | number | null,
): Promise<Certificates> {
  const [{ Certificates }, { TicketKeys }] = await Promise.all([
    import('../tls/certificates.ts'),
    import('../tls/ticket-keys.ts'),
  ]);
  const at = addresses.map(({ isTls }) => isTls === true);
  const ticketKeys = typeof keys === 'object' && keys !== null ? keys : TicketKeys.taken(keys, Date.now());
  return new Certificates({ loaded, read, at: at.includes(true) ? at : null, ticketKeys });
}
