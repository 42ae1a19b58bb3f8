import type { Arbiter } from '../../src/arbiter/arbiter.ts';
import type { WorkerHandle } from '../../src/arbiter/workers/handle.ts';
import type { Settings } from '../../src/settings/catalogue/catalogue.ts';
import type { SimulatedClock } from './clock.ts';
import type { CompanionGroups } from './companions.ts';
import type { Machine } from './machine.ts';
import type { NewArbiterModel, ReaderModel } from './other-models.ts';
import type { SideListens } from './side-listens.ts';
import type { Sockets } from './sockets.ts';
import type { Transition, WatchedQueue } from './watched.ts';

/** What the invariants and the coverage see of a world. */
export interface ObservedWorld {
  readonly seed: number;
  readonly clock: SimulatedClock;
  readonly machine: Machine;
  readonly sockets: Sockets;
  readonly sideListens: SideListens;
  readonly companions: CompanionGroups;
  readonly hasCompanions: boolean;
  readonly queue: WatchedQueue;
  readonly arbiter: Arbiter;
  readonly workers: readonly WorkerHandle[];
  readonly readers: readonly ReaderModel[];
  readonly newArbiters: readonly NewArbiterModel[];
  readonly settings: Partial<Settings>;
  readonly status: number | null;
  readonly oldArbiter: number | null;
  readonly watcher: 'none' | 'open' | 'closed';
  readonly coverage: { changed(world: ObservedWorld, transition: Transition): void };
  readonly invariants: {
    readonly current: { readonly number: number };
    readonly reload: { readonly underWay: number | null };
  };
}
