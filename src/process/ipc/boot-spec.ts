import type { Settings } from '../../settings/catalogue/catalogue.ts';
import type { HookName } from '../../settings/hooks.ts';
import type { Identity } from '../privileges/identity.ts';
import type { BootFailure } from './loading.ts';
import type { TlsSpec } from './tls.ts';

/** Everything a worker needs to know to boot; it is the first message it gets. */
export interface BootSpec {
  readonly tsunicorn: 'boot';
  readonly settings: Settings;
  /** Absolute; the worker imports it again where `hookNames` has a hook of its side, as functions cannot travel. */
  readonly configFile: string | null;
  /** The export in it that is meant; null is the default export. */
  readonly profile: string | null;
  readonly hookNames: readonly HookName[];
  readonly listeners: readonly HandedListener[];
  /** What the listeners are, if nothing but the program says where the service listens. */
  readonly address: AddressSource;
  /** The sockets of other listens of the application. */
  readonly sides: readonly HandedSide[];
  /** The watchdog's pipe, as its number in the worker; null where there is to be no watchdog. */
  readonly watchdogFd: number | null;
  readonly generation: number;
  readonly age: number;
  /** Null where it is told with `accept`. */
  readonly slot: number | null;
  /** The hash of what the first worker of the generation has loaded; null where none has yet. */
  readonly code: string | null;
  /** In development: the application cannot be loaded, so this is to be shown in its place. */
  readonly failure: BootFailure | null;
  /** As whom the worker must be running; null where it runs as the arbiter does. */
  readonly identity: Identity | null;
  readonly standards: Standards;
  /** Where it writes what it logs for who asks, as a descriptor in the worker; absent where nobody can. */
  readonly ringFd?: number;
  /** Where the worker counts; absent where nobody asks for figures. */
  readonly counters?: CountersSpec;
  /** Absent where no client speaks TLS. */
  readonly tls?: TlsSpec;
}

/**
 * Who says where the service listens: the settings (`given`), or the program, which is asked for it (`asked`: the listeners
 * are those of the generation before), or has told it in another worker (`known`).
 */
export type AddressSource = 'given' | 'asked' | 'known';

/** A bound socket as the worker inherits it: `fd` is the number in the worker. */
export interface HandedListener {
  readonly fd: number;
  readonly kind: 'tcp' | 'unix' | 'abstract' | 'fd';
  /** As the operator wrote it, for error lines. */
  readonly source: string;
  /** What a client would be told. */
  readonly url: string;
  /** Its own length of the kernel's queue, in place of the setting. */
  readonly backlog?: number;
  /** What the program asked for, if it was not the settings that named the address. */
  readonly place?: string;
  /** Clients speak TLS there, where they do not everywhere. */
  readonly isTls?: true;
}

/** A socket beside those of the service, as the worker inherits it. */
export interface HandedSide {
  readonly fd: number;
  /** What the application asked for. */
  readonly place: string;
}

/** Where a worker writes what it counts: a descriptor in the worker, null where it sends it, and the position in bytes. */
export interface CountersSpec {
  readonly fd: number | null;
  readonly position: number;
}

/** The descriptors that `-` stands for in the log settings. */
export interface Standards {
  readonly stdout: number;
  readonly stderr: number;
}
