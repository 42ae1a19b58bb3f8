import type { Listener } from '../../listeners/listener.ts';
import type { OpenLog } from '../../log/logger.ts';
import type { Installation } from '../../process/installation.ts';
import type { AddressSource } from '../../process/ipc/boot-spec.ts';
import type { BootFailure } from '../../process/ipc/loading.ts';
import type { MainProgram } from '../../process/main-program.ts';
import type { NodeOptions } from '../../process/node-options.ts';
import type { WorkerCount } from '../../process/parent.ts';
import type { Privileges } from '../../process/privileges/privileges.ts';
import {
  type Address,
  expandLocalhost,
  hasAddress,
  isOfSlots,
  parseBind,
  withPassed,
} from '../../settings/address.ts';
import type { Hooks } from '../../settings/hooks.ts';
import type { LoadedData } from '../../settings/load.ts';
import { nameSetting } from '../../settings/origin.ts';
import { UsageError } from '../../support/errors.ts';
import type { Certificates } from '../../tls/certificates.ts';
import type { CompanionPlans } from '../companions/plan.ts';
import type { Limits } from '../policy/worker-state.ts';
import type { Scaling } from '../scaling.ts';
import type { SideSocket } from '../side-sockets.ts';

/** One accepted configuration with the sockets it listens on. Workers belong to the generation they were spawned by. */
export interface Generation {
  readonly number: number;
  readonly loaded: LoadedData;
  /** The hooks that run in the arbiter. */
  readonly hooks: Hooks;
  readonly listeners: readonly Listener[];
  /** As whom the workers run; absent or null where they run as the arbiter does. */
  readonly privileges?: Privileges | null;
  /** Opens the arbiter's own log as this configuration wants it. */
  readonly openLog?: () => OpenLog;
  /** Where our own code is that its workers run; absent where it is the arbiter's. */
  readonly installation?: Installation;
  /** The directory of the service when its settings were read, without links; null for the first, which has that of the start. */
  readonly cwd?: string;
  /** The hash of what its first worker has loaded, once that is known; see BootSpec. */
  readonly code?: string | null;
  /** Options of Node for a worker by its number (see SpawnOptions); absent where there are none. */
  readonly nodeOptions?: (number: number) => NodeOptions;
  /** What each of its workers runs as the main module, as it may call listen(); absent where an export is named. */
  readonly program?: MainProgram;
  /** Who says where it listens; absent if the settings do. */
  readonly address?: Exclude<AddressSource, 'given'>;
  /** Where its workers may listen beside that; absent where they do nowhere. */
  readonly sides?: readonly SideSocket[];
  /** Chooses the number of its workers by their load; absent where the operator does. */
  readonly scaling?: Scaling;
  /** Its processes beside the workers; absent where there are none. */
  readonly companions?: CompanionPlans;
  /** What its workers end TLS with; absent where no client speaks it. */
  readonly tls?: Certificates;
  /** In development: its workers show this in place of an application that cannot be loaded. */
  readonly failure?: BootFailure;
}

/** A configuration that was checked: all of a generation but its number and its sockets. */
export type Prepared = Omit<Generation, 'number' | 'listeners' | 'address' | 'sides' | 'code' | 'failure'>;

/** What came of reading the configuration again and binding what it asks for. */
export type ReadResult =
  | { readonly ok: true; readonly prepared: Prepared; readonly listeners: readonly Listener[] }
  | ({ readonly ok: false } & Refusal);

/** Why a configuration cannot be used, and the code of that kind of mistake. */
export interface Refusal {
  readonly reason: string;
  readonly code?: string;
}

/** The addresses that a configuration asks for, each naming where it was written. Throws a UsageError. */
export function addressesOf({ settings, origins, sockets }: LoadedData): readonly Address[] {
  const source = nameSetting(origins.bind, 'bind');
  refuseSlots(source, settings);
  const written = settings.bind
    .flatMap((text) => parseBind(source, text, settings.workers))
    .flatMap((address) => expandLocalhost(address, hasAddress));
  return withPassed(written, sockets);
}

/** Whether nothing names an address, so that the program says where the service listens. */
export function followsProgram({ loaded, program }: Pick<Generation, 'loaded' | 'program'>): boolean {
  return program !== undefined && loaded.origins.bind.source === 'default' && loaded.sockets.length === 0;
}

/** Refuses settings that are at odds with sockets of slots, which have to be bound before the workers start. */
function refuseSlots(source: string, { bind, spareWorkers, workersMax }: LoadedData['settings']): void {
  const text = bind.find(isOfSlots);
  if (text === undefined) return;
  if (spareWorkers > 0)
    throw new UsageError(
      `${source} ${text}: a spare worker has no slot when it starts; leave --spare-workers away, or {slot}`,
    );
  if (workersMax !== null)
    throw new UsageError(
      `${source} ${text}: the sockets of slots are as many as --workers says; leave --workers-min and --workers-max away, or {slot}`,
    );
}

/** Whether each slot has a socket of its own, so that the number of workers is the one in the settings. */
export function hasSlotSockets({ loaded }: Generation): boolean {
  return loaded.settings.bind.some(isOfSlots);
}

/** The listeners as clients name them. */
export function listenersAsSeen({ listeners, tls }: Generation): readonly Listener[] {
  if (tls === undefined) return listeners;
  return listeners.map((listener, index) =>
    tls.isEverywhere || tls.isAt(index)
      ? { ...listener, url: listener.url.replace(/^http:/, 'https:') }
      : listener,
  );
}

/** The sockets of a worker in that slot: those of all, and those of the slot. */
export function listenersIn({ listeners }: Generation, slot: number | null): readonly Listener[] {
  return listeners.filter(({ address }) => address.slot === undefined || address.slot === slot);
}

/**
 * Makes the user of its workers the owner of its Unix sockets: those that were taken over may belong to another user.
 * Where that fails the owner stays, and the service serves all the same.
 */
export function giveSockets({ listeners, privileges }: Generation): void {
  if (!privileges) return;
  for (const listener of listeners) {
    try {
      listener.giveTo?.(privileges.identity);
    } catch {
      // It takes a capability that was there when the others were given.
    }
  }
}

/** For how long the service accepts after a stop, in milliseconds; 0 where another arbiter serves on with the same sockets. */
export function drainDelayOf({ listeners, loaded }: Generation): number {
  return listeners.every((listener) => listener.isShared()) ? 0 : loaded.settings.drainDelay * 1000;
}

/** What the next generation, in this arbiter or in a new one, has to know of the number of workers. */
export function workerCountOf({ loaded, scaling }: Generation, count: number): WorkerCount {
  return { count, setting: loaded.settings.workers, followsLoad: scaling !== undefined };
}

/** How many workers a new generation has: as many as before, unless its settings of that number have changed. */
export function countAfter({ count, setting, followsLoad }: WorkerCount, generation: Generation): number {
  const { loaded, scaling } = generation;
  const { workers } = loaded.settings;
  const ended = followsLoad && scaling === undefined;
  const wanted = ended || workers !== setting || hasSlotSockets(generation) ? workers : count;
  return scaling?.allowed(wanted) ?? wanted;
}

/** The slot of a new worker where `missing` lacks one: null with --spare-workers, as the worker gets it when it is told to serve. */
export function slotAtSpawn({ loaded }: Pick<Generation, 'loaded'>, missing: number | null): number | null {
  return loaded.settings.spareWorkers > 0 ? null : missing;
}

/** The watchdog has this long to report what a blocked worker does, before the arbiter kills the worker for its silence. */
const WATCHDOG_HEADSTART_MS = 3000;

/** The time limits of the generation's workers; 0 in a setting switches a limit off. */
export function limitsOf({ loaded: { settings } }: Generation): Limits {
  const headstartMs = settings.watchdog ? WATCHDOG_HEADSTART_MS : 0;
  return {
    bootMs: settings.bootTimeout * 1000 || Infinity,
    heartbeatMs: settings.timeout === 0 ? Infinity : settings.timeout * 1000 + headstartMs,
    graceMs: settings.gracefulTimeout * 1000,
  };
}
