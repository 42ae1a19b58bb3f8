import { aboutWorker } from '../log/about-worker.ts';
import type { WorkerMessage } from '../process/ipc.ts';
import { stallReason } from '../process/stall.ts';
import { stopMode } from './change/shutdown.ts';
import { Upgrade } from './change/upgrade.ts';
import type { ArbiterEvent, ArbiterSignal } from './events.ts';
import type { ArbiterOptions } from './options.ts';
import { type Action, reconcile } from './policy/reconcile.ts';
import { isBooting, killCauseOf } from './policy/worker-state.ts';
import { Service } from './service.ts';
import { bootTimedOut } from './workers/boot-failures.ts';
import type { WorkerHandle } from './workers/handle.ts';
import { logOverdue } from './workers/obituary.ts';
import type { WorkerSet } from './workers/set.ts';
import { STOPPED } from './workers/silent-workers.ts';
import { endStalled } from './workers/stall.ts';

/** The loop wakes at least this often, so that a late wake-up tells that the arbiter itself was stopped. */
const TICK_MS = 1000;

/** What the parts of an arbiter are at, for who watches it. */
export interface Steps {
  readonly intent: Service['intent'];
  readonly reload: Service['reloadStep'];
  readonly upgrade: Upgrade['step'];
  /** Whether a stop waits until the new arbiter of the upgrade serves. */
  readonly holdsStop: boolean;
}

/** Supervises workers: takes one event, handles it, reconciles. No handler waits. */
export class Arbiter {
  readonly #options: ArbiterOptions;
  readonly #service: Service;
  readonly #workers: WorkerSet;
  readonly #upgrade: Upgrade;
  readonly #emit: (event: ArbiterEvent) => void;

  constructor(options: ArbiterOptions) {
    this.#options = options;
    this.#emit = (event) => options.queue.push(event);
    this.#service = new Service(options, this.#emit);
    this.#workers = this.#service.workers;
    this.#upgrade = new Upgrade(this.#service, options, this.#emit);
  }

  /** What each of its parts is at. */
  get steps(): Steps {
    const { intent, reloadStep } = this.#service;
    const { step: upgrade, holdsStop } = this.#upgrade;
    return { intent, reload: reloadStep, upgrade, holdsStop };
  }

  /** The pid of the arbiter that an upgrade has started, while it lives. */
  get newArbiter(): number | null {
    return this.#upgrade.newArbiter;
  }

  /** Serves until told to stop; resolves with the exit status once every worker is gone. */
  async run(): Promise<number> {
    const { queue, clock } = this.#options;
    const { hooks } = this.#service;
    hooks.call('nworkersChanged', (hook, view) => hook(view, view.workers, null));
    for (;;) {
      this.#survive(() => {
        this.#service.advance();
        this.#upgrade.advance();
      });
      const wakeAtMs = Math.min(
        this.#reconcile(),
        this.#service.wakeAtMs,
        this.#upgrade.wakeAtMs,
        this.#observed(),
        clock.now() + TICK_MS,
      );
      const { intent } = this.#service;
      if (intent.name === 'stopping' && this.#workers.size === 0 && this.#upgrade.mayLeave) {
        this.#upgrade.leave();
        await hooks.last(clock);
        return intent.exitStatus;
      }
      const event = await queue.next(wakeAtMs);
      this.#workers.forgiveSince(wakeAtMs);
      const wokeMs = clock.now();
      this.#survive(() => {
        if (event) this.#handle(event);
        this.#service.scaleByLoad();
      });
      this.#workers.forgiveSince(wokeMs);
    }
  }

  /** When the observer, if there is one, wishes to look again. */
  #observed(): number {
    let atMs = Infinity;
    this.#survive(() => {
      atMs = this.#options.observe?.(this.#service.status(this.#upgrade.role)) ?? Infinity;
    });
    return atMs;
  }

  #handle(event: ArbiterEvent): void {
    switch (event.type) {
      case 'signal':
        return this.#signalled(event.signal);
      case 'message': {
        const worker = this.#workers.get(event.worker);
        return worker && this.#heard(worker, event.message);
      }
      case 'exit': {
        const worker = this.#workers.remove(event.worker);
        return worker && this.#service.reap(worker, event.end);
      }
      case 'reloadRead':
        return this.#service.reloadRead(event);
      case 'changed':
        return this.#service.changed(event.files);
      default:
        return this.#upgrade.take(event);
    }
  }

  /** Our own mistakes must not end a service that serves. Returns whether all went well. */
  #survive(step: () => void): boolean {
    try {
      step();
      return true;
    } catch (err) {
      this.#service.log.critical('This is a bug in tsunicorn, please report it; the service goes on', {
        event: 'internal-error',
        err,
      });
      return false;
    }
  }

  #reconcile(): number {
    const now = this.#options.clock.now();
    const { actions, wakeAtMs } = reconcile(this.#service.desired, this.#workers.all, now);
    for (const action of actions) {
      // What cannot be done now is tried again at the next turn, which must not be at once.
      if (!this.#survive(() => this.#perform(action))) return now + TICK_MS;
      // It may have halted the service or undone a reload: the rest of the plan is void.
      if (action.type === 'kill') break;
    }
    // What was done has deadlines of its own.
    return actions.length === 0 ? wakeAtMs : now;
  }

  #perform(action: Action): void {
    if (action.type === 'spawn') return this.#spawn(action.slot, action.generation);
    const worker = this.#workers.get(action.age);
    if (worker === undefined) return;
    if (action.type === 'accept') return this.#workers.accept(worker);
    if (action.type === 'kill') return this.#kill(worker, action);
    if (action.type === 'hasten') return this.#service.haste.tell(worker, action.purpose);
    const { current, intent, log } = this.#service;
    log.debug(`Retiring worker (pid: ${worker.pid}): ${action.reason}`, {
      event: 'worker-retiring',
      ...aboutWorker(worker),
      reason: action.reason,
    });
    // Where nobody else will take what the kernel has queued.
    const emptyQueue = worker.listeners.some(
      (listener) =>
        !listener.isShared() && (intent.name === 'stopping' || !current.listeners.includes(listener)),
    );
    this.#workers.retire(worker, action.reason, action.purpose, emptyQueue);
  }

  #spawn(slot: number, number: number): void {
    const {
      hooks,
      view: { log },
    } = this.#service;
    const unborn = { pid: 0, age: this.#workers.nextAge, slot, generation: number, log };
    hooks.call('preFork', (hook, view) => hook(view, unborn));
    this.#workers.spawn(slot, this.#service.generation(number), this.#emit);
  }

  #kill(worker: WorkerHandle, { signal, reason: due }: Action & { type: 'kill' }): void {
    const { state } = worker;
    const reason =
      state.name !== 'killed' && this.#options.isStopped(worker.pid)
        ? `${due}, as it is stopped (${STOPPED})`
        : due;
    this.#workers.kill(worker, signal, reason);
    if (isBooting(state)) {
      const { readyPath } = this.#service.generation(worker.generation).loaded.settings;
      const failure = bootTimedOut(worker, state, reason, readyPath);
      return this.#service.bootFailed(worker, failure, killCauseOf(state));
    }
    if (state.name !== 'killed') logOverdue(this.#service.log, worker, state, { signal, reason });
  }

  #signalled(signal: ArbiterSignal): void {
    const { log, intent } = this.#service;
    this.#upgrade.look();
    if (signal === 'SIGWINCH') return this.#upgrade.rest();
    log.info(`Handling signal: ${signal.slice(3).toLowerCase()}`, { event: 'signal', signal });
    switch (signal) {
      case 'SIGTERM':
      case 'SIGINT':
      case 'SIGQUIT':
        return this.#upgrade.stop(stopMode(signal, intent));
      case 'SIGUSR1':
        log.reopen();
        return this.#workers.sendAll({ tsunicorn: 'reopenLogs' });
      case 'SIGHUP':
        return this.#service.reload();
      case 'SIGTTIN':
        return this.#service.scaleBy(1);
      case 'SIGTTOU':
        return this.#service.scaleBy(-1);
      case 'SIGUSR2':
        return this.#upgrade.begin();
    }
  }

  #heard(worker: WorkerHandle, message: WorkerMessage): void {
    const service = this.#service;
    service.silent.heard(worker);
    switch (message.tsunicorn) {
      case 'hello':
      case 'standby':
        return service.life.boots(worker, message);
      case 'ready':
        if (isBooting(worker.state)) return service.ready(worker, message);
        return this.#workers.note(worker, message);
      case 'bootFailed':
        // One that is ended for its boot timeout, or was told to go, may say so too late.
        if (!isBooting(worker.state)) return;
        this.#workers.note(worker, message);
        return service.bootFailed(worker, message);
      case 'accessLines':
        return this.#options.lost.forward(worker, message.lines);
      case 'outgoing':
        return service.life.outgoing(worker, message);
      case 'heartbeat':
        if (message.load) service.current.scaling?.note(worker.age, message.load);
        return this.#workers.note(worker, message);
      case 'loaded':
        return this.#options.development?.loaded(worker.generation, message);
      case 'code':
        return service.codes.loaded(worker, message);
      case 'leaving':
        return service.life.leaving(worker, message);
      case 'blocked':
      case 'unblocked':
        return service.life.blocked(worker, message);
      case 'stalled': {
        const { state } = worker;
        service.loops.forget(worker);
        endStalled(this.#workers, service.log, worker, message, service.intent.name !== 'stopping');
        if (isBooting(state))
          service.bootFailed(worker, bootTimedOut(worker, state, stallReason(message), null), 'stall');
        return;
      }
      default:
        return this.#workers.note(worker, message);
    }
  }
}
