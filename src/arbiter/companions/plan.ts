import type { ChildSpec } from '../../process/child.ts';
import type { CompanionStatus } from '../../process/status.ts';
import type { CompanionEvent } from './event.ts';
import type { SupervisorOptions } from './supervisor-options.ts';

/** Says when a companion with a schedule is to run. */
export interface Timetable {
  /** The first time after `afterMs` (Date.now()); null where there is none. */
  next(afterMs: number): number | null;
}

/** One companion of a generation, checked. */
export interface CompanionPlan {
  readonly name: string;
  /** How many of its processes run at a time; 1 with a timetable. */
  readonly count: number;
  /** Null where it always runs. */
  readonly timetable: Timetable | null;
  readonly overlap: boolean;
  /** Whether a reload is undone where its new version fails. */
  readonly required: boolean;
  /** How long it has to end after TERM. */
  readonly graceMs: number;
  /** The longest time between two of its heartbeats, once it has sent one; Infinity where there is no limit. */
  readonly beatMs: number;
  /** How to start the process `index` of it, from 0, for that generation. */
  childSpec(index: number, generation: number): ChildSpec;
}

/** The companions of a generation, and the code that supervises them, which is loaded only where there are some. */
export interface CompanionPlans {
  readonly plans: readonly CompanionPlan[];
  /** The names of those that may outlive an arbiter that is killed. */
  readonly unbound: readonly string[];
  supervise(options: SupervisorOptions): Supervisor;
}

/** A companion of a certain generation. */
export interface Assigned {
  readonly plan: CompanionPlan;
  readonly generation: number;
}

/** What is wanted of companions: that these run, or that all end. */
export type Wanted =
  | {
      readonly name: 'run';
      readonly assigned: readonly Assigned[];
      /** Schedules are followed from then on (Date.now()). */
      readonly sinceMs: number;
    }
  | { readonly name: 'end'; readonly mode: 'graceful' | 'quick' | 'forced'; readonly reason: string };

/** Whether the version of a companion that is wanted works: all of its processes have lasted, or one has ended by itself. */
export type Proof =
  | { readonly name: 'proving' | 'proved' }
  /** `reason` follows the name of the companion. */
  | { readonly name: 'failed'; readonly reason: string };

/** Starts, watches and ends companions. Nothing waits; `look` is to be called in each turn of the loop. */
export interface Supervisor {
  /** Does what is due; returns when there is more to do if no event comes before. */
  look(wanted: Wanted): number;
  take(event: CompanionEvent): void;
  /** Ends the process groups that an arbiter which has died may have left; nothing is started before they are gone, after `graceMs` at the latest. */
  adopt(groups: readonly number[], graceMs: number): void;
  proofOf(one: Assigned): Proof;
  readonly statuses: readonly CompanionStatus[];
  /** The process groups that are not known to be gone. */
  readonly groups: readonly number[];
}
