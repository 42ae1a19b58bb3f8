import type { ListenerView } from '../admin/status-page.ts';
import type { Command } from '../arbiter/events.ts';
import type { WorkerHandle } from '../arbiter/workers/handle.ts';
import type { InspectedWorker } from '../arbiter/workers/inspection.ts';
import type { FollowedWorker } from '../arbiter/workers/log-follower.ts';
import type { AnyRecord } from '../log/records.ts';
import type { WorkerRings } from '../log/ring/worker-rings.ts';
import type { CounterStore } from '../metrics/store.ts';
import type { LoadedData } from '../settings/load.ts';
import type { Journal } from './journal.ts';
import type { RecentAnswers } from './recent-answers.ts';

/** One worker as the arbiter knows it. */
export type WorkerView = Readonly<
  Pick<WorkerHandle, 'pid' | 'slot' | 'age' | 'generation' | 'state' | 'limits' | 'origin'>
> &
  InspectedWorker &
  FollowedWorker & {
    readonly requests: Pick<WorkerHandle['requests'], 'left'>;
    readonly known: Pick<WorkerHandle['known'], 'isDrained'>;
  };

/** The service that the control socket is for: what can be asked of it, and what it can be told. */
export interface Controlled {
  readonly version: string;
  readonly journal: Journal;
  /** Null where nobody asks for figures. */
  readonly counters: CounterStore | null;
  /** Null where there are no counters. */
  readonly answers: Pick<RecentAnswers, 'recent'> | null;
  /** What the workers log; null where there is no control socket. */
  readonly rings: WorkerRings | null;
  /** Of the generation that serves. */
  readonly loaded: () => LoadedData;
  /** Where the service was started, with its symbolic links where they are known, and where they led for what serves. */
  readonly directory: () => { readonly named: string; readonly now: string };
  /** The sockets at which the workers serve. */
  readonly listeners: () => readonly ListenerView[];
  readonly workers: () => readonly WorkerView[];
  /** The pid of the arbiter that an upgrade has started, while it lives. */
  readonly newArbiter: () => number | null;
  /** The pid of the arbiter that this one is to replace, or has replaced; null where there was none. */
  readonly oldArbiter: number | null;
  /** Tells the arbiter's loop, which handles it in its turn; resolves with what it logged about it. */
  readonly tell: (command: Command) => Promise<readonly AnyRecord[]>;
  /** Every setting and hook: its value as it may be shown, and where it comes from. */
  readonly config: () => Promise<readonly ConfigRow[]>;
}

/** One setting, passed socket or hook. */
export interface ConfigRow {
  readonly name: string;
  readonly value: string;
  readonly origin: string;
}
