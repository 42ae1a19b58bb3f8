import type { RecordLog } from '../../log/records.ts';
import type { Spawn } from '../../process/child.ts';
import type { SignalGroup } from '../../process/process-group.ts';
import type { Clock } from '../../support/clock.ts';
import type { OomVerdict } from '../workers/oom-kills.ts';
import type { CompanionEvent } from './event.ts';

/** What companions are supervised with. */
export interface SupervisorOptions {
  readonly clock: Clock;
  /** Date.now(), for schedules. */
  readonly wallMs: () => number;
  /** In [0, 1), for jitter. */
  readonly random: () => number;
  readonly log: RecordLog;
  readonly spawn: Spawn;
  readonly signalGroup: SignalGroup;
  readonly judgeKill: () => OomVerdict;
  readonly emit: (event: CompanionEvent) => void;
}
