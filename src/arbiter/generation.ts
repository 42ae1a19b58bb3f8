import { UsageError } from '../errors.ts';
import type { Hooks } from '../hooks.ts';
import type { BootFailure } from '../ipc.ts';
import { type Address, isMovable, parseAddress } from '../listeners/address.ts';
import type { Listener } from '../listeners/listener.ts';
import type { Settings } from '../settings/catalogue.ts';
import { classNameOf } from '../settings/class-name.ts';
import type { Loaded } from '../settings/load.ts';
import { nameSetting } from '../settings/origin.ts';
import type { Limits } from './reconcile.ts';

/** One accepted configuration with the sockets it listens on. Workers belong to the generation they were spawned by. */
export interface Generation {
  readonly number: number;
  /** Without functions: as it can travel between processes. */
  readonly loaded: Omit<Loaded, 'hooks'>;
  /** The hooks that run in the arbiter. */
  readonly hooks: Hooks;
  readonly listeners: readonly Listener[];
  /** In development: its workers show this in place of an application that cannot be loaded. */
  readonly failure?: BootFailure;
}

/** The addresses that a configuration asks for, each naming where it was written. Throws a UsageError. */
export function addressesOf({ settings, origins }: Omit<Loaded, 'hooks'>): readonly Address[] {
  const addresses = settings.bind.map((text) => parseAddress(nameSetting(origins.bind, 'bind'), text));
  checkAddresses(settings, addresses);
  return addresses;
}

function checkAddresses(settings: Settings, addresses: readonly Address[]): void {
  if (classNameOf(settings) !== 'sync') return;
  const [, second] = addresses.filter((address) => !isMovable(address));
  if (second)
    throw new UsageError(
      `${second.source}: a sync worker can serve one Unix socket; leave the others to another service, or use --worker-class async`,
    );
}

/** The watchdog has this long to say what a blocked worker did, before the arbiter kills it for its mere silence. */
const WATCHDOG_HEADSTART_MS = 2000;

/** The time limits of the generation's workers; 0 in a setting switches a limit off. */
export function limitsOf({ loaded: { settings } }: Generation): Limits {
  const headstartMs = settings.watchdog ? WATCHDOG_HEADSTART_MS : 0;
  return {
    bootMs: settings.bootTimeout * 1000 || Infinity,
    heartbeatMs: settings.timeout === 0 ? Infinity : settings.timeout * 1000 + headstartMs,
    graceMs: settings.gracefulTimeout * 1000,
  };
}
