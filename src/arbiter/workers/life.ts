import { aboutWorker } from '../../log/about-worker.ts';
import type { RecordLog } from '../../log/records.ts';
import type { Blocked, Unblocked, WorkerMessage } from '../../process/ipc.ts';
import type { ProcessEnd } from '../events.ts';
import type { ArbiterOptions } from '../options.ts';
import type { Pace } from '../policy/pace.ts';
import { isOwnDoing } from '../policy/restart.ts';
import { takeOverMs } from '../policy/worker-state.ts';
import type { BlockedLoops } from './blocked-loops.ts';
import type { WorkerHandle } from './handle.ts';
import { accountFor } from './lost-requests.ts';
import { logEnd, nameOf, type Obituary } from './obituary.ts';
import type { WorkerSet } from './set.ts';

/** What of the service the life of a worker touches. */
interface Around {
  readonly log: RecordLog;
  readonly workers: WorkerSet;
  readonly pace: Pace;
  readonly loops: BlockedLoops;
}

/** Takes down, and logs, how a worker fares from its first word to its end, and how soon the next may follow. */
export class WorkerLife {
  readonly #around: Around;
  readonly #options: ArbiterOptions;

  constructor(around: Around, options: ArbiterOptions) {
    this.#around = around;
    this.#options = options;
  }

  /** It loads the application, or has and stands by. */
  boots(worker: WorkerHandle, message: WorkerMessage & { tsunicorn: 'hello' | 'standby' }): void {
    const { log, workers } = this.#around;
    const { pid } = worker;
    if (message.tsunicorn === 'hello')
      log.info(`Booting worker with pid: ${pid}`, { event: 'worker-booting', ...aboutWorker(worker) });
    else log.debug(`Worker stands by (pid: ${pid})`, { event: 'worker-standby', ...aboutWorker(worker) });
    workers.note(worker, message);
  }

  /** It has loaded the application and accepts. */
  ready(worker: WorkerHandle): void {
    const { log, pace } = this.#around;
    const { clock, development } = this.#options;
    const now = clock.now();
    const tookMs = takeOverMs(worker.state, now);
    const bootMs = worker.state.name === 'booting' ? Math.round(now - worker.state.sinceMs) : null;
    if (tookMs !== null)
      log.info(`Spare worker takes over (pid: ${worker.pid}): it accepts ${tookMs} ms after it was called`, {
        event: 'spare-called',
        ...aboutWorker(worker),
        durationMs: tookMs,
      });
    worker.state = { name: 'ready', sinceMs: now, heartbeatMs: now, outgoing: null };
    log.debug(`Worker is ready (pid: ${worker.pid})`, {
      event: 'worker-ready',
      ...aboutWorker(worker),
      ...(bootMs === null ? {} : { durationMs: bootMs }),
    });
    pace.ready();
    development?.ready();
  }

  /** Its event loop is blocked, or turns again; of one that is killed that is known. */
  blocked(worker: WorkerHandle, message: Blocked | Unblocked): void {
    const { name } = worker.state;
    if (name === 'ready' || name === 'standby' || name === 'retiring')
      this.#around.loops.note(worker, message);
  }

  /** It serves on, and wishes to be replaced. */
  outgoing(worker: WorkerHandle, message: WorkerMessage & { tsunicorn: 'outgoing' }): void {
    const { log, pace, workers } = this.#around;
    const { state } = worker;
    if (state.name !== 'ready') return;
    log.info(`${nameOf(worker)} is to be replaced: ${message.reason}`, {
      event: 'worker-outgoing',
      ...aboutWorker(worker),
      reason: message.reason,
    });
    pace.asked(state, message.by);
    workers.note(worker, message);
  }

  /** It goes of its own accord. */
  leaving(worker: WorkerHandle, message: WorkerMessage & { tsunicorn: 'leaving' }): void {
    const { pace, workers } = this.#around;
    const { state } = worker;
    workers.note(worker, message);
    if (message.by === 'itself') pace.ended(state);
  }

  /** Its process has ended. */
  ended(worker: WorkerHandle, end: ProcessEnd): Obituary {
    const { log, pace, loops } = this.#around;
    const { lost, judgeKill, clock } = this.#options;
    const { state } = worker;
    worker.state = { name: 'exited' };
    loops.forget(worker);
    if (isOwnDoing(end)) pace.ended(state);
    const account = accountFor(worker, end, state, lost);
    return logEnd(log, worker, end, state, judgeKill, account, worker.known.at(clock.now()));
  }
}
