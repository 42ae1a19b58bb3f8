import type { RecordLog } from '../../log/records.ts';
import { type Intent, unchangedBecause } from '../change/shutdown.ts';
import type { Restarts } from '../policy/restart.ts';
import { isBooting } from '../policy/worker-state.ts';
import { refuseCommand } from '../refuse.ts';
import type { WorkerHandle } from './handle.ts';
import type { WorkerSet } from './set.ts';

export interface WorkerCommandsOptions {
  readonly log: RecordLog;
  readonly workers: WorkerSet;
  readonly restarts: Restarts;
  readonly intent: () => Intent;
}

/** What an operator may ask of one worker, by its age. What cannot be done is refused with a line in the log. */
export class WorkerCommands {
  readonly #options: WorkerCommandsOptions;

  constructor(options: WorkerCommandsOptions) {
    this.#options = options;
  }

  /** Another worker takes its place. */
  restart(age: number): void {
    const { workers, restarts } = this.#options;
    const worker = workers.get(age);
    if (worker?.state.name !== 'ready') return this.#refuse('restart', worker);
    // As with a worker that leaves on a signal: it is no failure.
    restarts.asked(worker.state, 'signal');
    worker.state = { ...worker.state, outgoing: 'its restart was asked for' };
  }

  /** It is ended at once. Of one that boots the end is a failure to boot, which undoes a reload. */
  kill(age: number): void {
    const { workers } = this.#options;
    const worker = workers.get(age);
    if (worker === undefined || worker.pid === 0) return this.#refuse('kill', worker);
    if (isBooting(worker.state)) return worker.kill('SIGKILL');
    workers.kill(worker, 'SIGKILL', 'its end was asked for', 'asked');
  }

  /** Another worker takes its place, and it does not end before it is released, or that time is over. */
  hold(age: number, forMs: number): void {
    const { log, workers, restarts } = this.#options;
    const intent = this.#options.intent();
    const worker = workers.get(age);
    const held = workers.all.find(({ heldUntilMs }) => heldUntilMs !== undefined);
    if (held !== undefined) return refuseCommand(log, 'heap', `that of worker ${held.pid} is being written`);
    if (intent.name === 'stopping') return refuseCommand(log, 'heap', unchangedBecause(intent));
    if (worker?.state.name !== 'ready') return this.#refuse('heap', worker);
    restarts.asked(worker.state, 'signal');
    workers.hold(worker, forMs);
  }

  /** The time limits of a held worker begin anew. One that has no replacement yet serves until it has. */
  release(age: number): void {
    const { workers } = this.#options;
    const worker = workers.get(age);
    if (worker !== undefined) workers.release(worker);
  }

  #refuse(command: 'restart' | 'kill' | 'heap', worker: WorkerHandle | undefined): void {
    const reason =
      worker === undefined ? 'the worker has ended' : `the worker is ${worker.state.name}, not ready`;
    refuseCommand(this.#options.log, command, reason);
  }
}
