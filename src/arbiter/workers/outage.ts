import { Condition, type Course, type Phase } from '../../log/condition.ts';
import type { RecordLog } from '../../log/records.ts';
import type { Clock } from '../../support/clock.ts';
import { seconds } from '../../support/duration.ts';
import type { WorkerSnapshot } from '../policy/worker-state.ts';
import type { EndCause } from './describe-end.ts';

/** A spare worker may take this long to open its sockets before that counts as an outage. */
const TAKE_OVER_MS = 1000;

interface Seen {
  readonly wanted: number;
  readonly ready: number;
  readonly causes: Readonly<Partial<Record<EndCause, number>>>;
}

/** Logs that no worker serves although some should, how many have ended of which cause, and that one serves again. */
export class Outage {
  readonly #log: RecordLog;
  readonly #clock: Clock;
  readonly #condition: Condition<Seen>;
  /** The causes of the ends since all wanted workers served. */
  #causes: Partial<Record<EndCause, number>> = {};
  #ready = 0;
  /** Whether a worker has served since the service has to: one that starts, or ends its rest, has no outage. */
  #hasServed = false;

  constructor(clock: Clock, log: RecordLog) {
    this.#log = log;
    this.#clock = clock;
    this.#condition = new Condition({ clock, say: (phase, course) => this.#write(phase, course) });
  }

  /** A worker has ended. */
  ended(cause: EndCause): void {
    this.#causes = { ...this.#causes, [cause]: (this.#causes[cause] ?? 0) + 1 };
  }

  /** To be called at least once a second; `wanted` is 0 where no worker has to serve. */
  look(wanted: number, workers: readonly WorkerSnapshot[]): void {
    this.#ready = workers.filter(({ state }) => state.name === 'ready').length;
    this.#hasServed = wanted > 0 && (this.#hasServed || this.#ready > 0);
    const now = this.#clock.now();
    const isTakenOver = workers.some(
      ({ state }) =>
        state.name === 'standby' || (state.name === 'opening' && now - state.sinceMs < TAKE_OVER_MS),
    );
    const isMissed = this.#hasServed || Object.keys(this.#causes).length > 0;
    if (this.#ready === 0 && wanted > 0 && isMissed && (!isTakenOver || this.#condition.holds))
      this.#condition.note({ wanted, ready: 0, causes: this.#causes }, 0);
    else this.#condition.end();
    if (this.#ready >= wanted) this.#causes = {};
  }

  #write(phase: Phase, { durationMs, detail: { wanted, causes } }: Course<Seen>): void {
    const ready = this.#ready;
    const fields = { event: 'nobody-serves', phase, durationMs, workers: { wanted, ready }, causes } as const;
    if (phase === 'ends') return this.#log.info(this.#endOf(durationMs, wanted), fields);
    const since = phase === 'begins' ? '' : ` for ${seconds(durationMs)} now`;
    this.#log.error(`0 of ${wanted} workers serve${since}, clients wait: ${listOf(causes)}`, fields);
  }

  #endOf(durationMs: number, wanted: number): string {
    const lasted = `no worker had served for ${seconds(durationMs)}`;
    if (this.#ready === 0) return `No worker is wanted any more; ${lasted}`;
    return `${this.#ready} of ${wanted} workers serve${this.#ready === 1 ? 's' : ''} again; ${lasted}`;
  }
}

const WORDS: Readonly<Record<EndCause, string>> = {
  stall: 'blocked',
  silent: 'silent',
  'boot-timeout': 'not ready in time',
  boot: 'could not boot',
  grace: 'killed after their grace period',
  unwanted: 'not wanted',
  forced: 'killed to stop',
  asked: 'killed by a command',
  retired: 'retired',
  uncaught: 'by an uncaught exception',
  spawn: 'could not be started',
  exit: 'exited',
  abort: 'aborted',
  crash: 'crashed',
  oom: 'out of memory',
  signal: 'by a signal',
};

function listOf(causes: Seen['causes']): string {
  const some = Object.entries(causes) as [EndCause, number][];
  const all = some.reduce((sum, [, count]) => sum + count, 0);
  if (all === 0) return 'none has ended, all of them are still booting';
  const each = some.map(([cause, count]) => `${count} ${WORDS[cause]}`);
  return `${all} ${all === 1 ? 'has' : 'have'} ended (${each.join(', ')})`;
}
