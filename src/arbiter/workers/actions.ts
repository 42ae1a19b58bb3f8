import { aboutWorker } from '../../log/about-worker.ts';
import { Condition } from '../../log/condition.ts';
import type { RetirePurpose } from '../../process/ipc/retirement.ts';
import { slotAtSpawn } from '../change/generation.ts';
import type { ArbiterEvent } from '../events.ts';
import type { ArbiterOptions } from '../options.ts';
import type { Action } from '../policy/reconcile.ts';
import { isBooting, killCauseOf } from '../policy/worker-state.ts';
import type { Service } from '../service.ts';
import { killedAtBoot } from './boot-failure.ts';
import type { WorkerHandle } from './handle.ts';
import { logOverdue } from './obituary.ts';
import { STOPPED } from './silent-workers.ts';

/** The condition ends when no worker had to be hurried for this long. */
const QUIET_MS = 10_000;

/** Carries out the actions of a plan and logs them. */
export class Actions {
  readonly #service: Service;
  readonly #emit: (event: ArbiterEvent) => void;
  readonly #isStopped: (pid: number) => boolean;
  readonly #tooManyRetire: Condition;

  constructor(
    service: Service,
    { clock, isStopped }: Pick<ArbiterOptions, 'clock' | 'isStopped'>,
    emit: (event: ArbiterEvent) => void,
  ) {
    const { log } = service;
    this.#service = service;
    this.#emit = emit;
    this.#isStopped = isStopped;
    this.#tooManyRetire = new Condition({
      clock,
      quietMs: QUIET_MS,
      say: (phase, { count, durationMs }) => {
        const fields = { event: 'retiring-hurried', phase, count, durationMs } as const;
        if (phase === 'ends')
          return log.info(`Retiring workers no longer close idle connections early (${count} did)`, fields);
        log.info(
          `More workers are retiring than the service has places; the oldest close idle connections within seconds (${count} so far)`,
          fields,
        );
      },
    });
  }

  /** The service has ended: a timer would keep a program alive that goes on without it. */
  close(): void {
    this.#tooManyRetire.end();
  }

  perform(action: Action): void {
    if (action.type === 'spawn') return this.#spawn(action.slot, action.generation);
    const { workers } = this.#service;
    const worker = workers.get(action.age);
    if (worker === undefined) return;
    switch (action.type) {
      case 'accept':
        return workers.accept(worker, action.slot);
      case 'retire':
        return this.#retire(worker, action);
      case 'hasten':
        return this.#hasten(worker, action.purpose);
      case 'kill':
        return this.#kill(worker, action);
    }
  }

  #spawn(missing: number | null, number: number): void {
    const { hooks, workers, view } = this.#service;
    const { log } = view;
    const generation = this.#service.generation(number);
    const slot = slotAtSpawn(generation, missing);
    const next = { pid: 0, age: workers.nextAge, slot, generation: number, log };
    hooks.call('preFork', (hook, view) => hook(view, next));
    this.#service.sides.spawned(next.age);
    workers.spawn(slot, generation, this.#emit);
  }

  #retire(worker: WorkerHandle, { reason, purpose }: Action & { type: 'retire' }): void {
    const { current, intent, log, workers } = this.#service;
    log.debug(`Retiring worker (pid: ${worker.pid}): ${reason}`, {
      event: 'worker-retiring',
      ...aboutWorker(worker),
      reason,
    });
    // Nobody else accepts what the kernel has queued on a socket that is closed for good.
    const emptyQueue = worker.listeners.some(
      (listener) =>
        !listener.isShared() && (intent.name === 'stopping' || !current.listeners.includes(listener)),
    );
    workers.retire(worker, reason, purpose, emptyQueue);
  }

  #hasten(worker: WorkerHandle, purpose: RetirePurpose): void {
    this.#service.workers.hasten(worker, purpose);
    if (purpose === 'hurry') this.#tooManyRetire.note();
  }

  #kill(worker: WorkerHandle, { signal, reason: due }: Action & { type: 'kill' }): void {
    const { state } = worker;
    const reason =
      state.name !== 'killed' && this.#isStopped(worker.pid)
        ? `${due}, because it is stopped (${STOPPED})`
        : due;
    this.#service.workers.kill(worker, signal, reason);
    if (isBooting(state)) {
      const { readyPath } = this.#service.generation(worker.generation).loaded.settings;
      const cause = killCauseOf(state);
      const failure = killedAtBoot(worker, {
        cause,
        reason,
        wasStandby: state.name === 'standby',
        readyPath,
      });
      return this.#service.bootFailed(worker, failure, cause);
    }
    if (state.name !== 'killed') logOverdue(this.#service.log, worker, state, { signal, reason });
  }
}
