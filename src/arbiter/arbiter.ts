import { EXIT } from '../errors.ts';
import type { WorkerMessage } from '../ipc.ts';
import type { ArbiterEvent, ArbiterSignal } from './events.ts';
import { bootTimedOut, nameOf } from './obituary.ts';
import type { ArbiterOptions } from './options.ts';
import { type Action, isBooting, reconcile } from './reconcile.ts';
import { Service } from './service.ts';
import { stopMode } from './shutdown.ts';
import { endStalled } from './stall.ts';
import type { WorkerHandle } from './worker-handle.ts';
import type { WorkerSet } from './worker-set.ts';

/** The loop wakes at least this often, so that a late wake-up tells that the arbiter itself was stopped. */
const TICK_MS = 1000;

/** Supervises workers: takes one event, handles it, reconciles. No handler waits. */
export class Arbiter {
  readonly #options: ArbiterOptions;
  readonly #service: Service;
  readonly #workers: WorkerSet;
  readonly #emit: (event: ArbiterEvent) => void;

  constructor(options: ArbiterOptions) {
    this.#options = options;
    this.#emit = (event) => options.queue.push(event);
    this.#service = new Service(options, this.#emit);
    this.#workers = this.#service.workers;
  }

  /** Serves until told to stop; resolves with the exit status once every worker is gone. */
  async run(): Promise<number> {
    const { queue, clock } = this.#options;
    const { hooks } = this.#service;
    hooks.call('nworkersChanged', (hook, view) => hook(view, view.workers, null));
    for (;;) {
      const wakeAtMs = Math.min(this.#reconcile(), clock.now() + TICK_MS);
      const { intent } = this.#service;
      if (intent.name === 'stopping' && this.#workers.size === 0) {
        hooks.call('onExit', (hook, view) => hook(view));
        return intent.exitStatus;
      }
      const event = await queue.next(wakeAtMs);
      this.#workers.forgiveSince(wakeAtMs);
      const wokeMs = clock.now();
      if (event) this.#handle(event);
      this.#workers.forgiveSince(wokeMs);
    }
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
    }
  }

  #reconcile(): number {
    const now = this.#options.clock.now();
    const { actions, wakeAtMs } = reconcile(this.#service.desired, this.#workers.all, now);
    for (const action of actions) {
      this.#perform(action);
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
    if (action.type === 'kill') return this.#kill(worker, action);
    const { current, intent } = this.#service;
    const kept = worker.listeners.every((listener) => current.listeners.includes(listener));
    this.#workers.retire(worker, action.reason, intent.name === 'stopping' || !kept);
  }

  #spawn(slot: number, number: number): void {
    const { hooks, log } = this.#service;
    const unborn = { pid: 0, age: this.#workers.nextAge, slot, generation: number, log };
    hooks.call('preFork', (hook, view) => hook(view, unborn));
    this.#workers.spawn(slot, this.#service.generation(number), this.#emit);
  }

  #kill(worker: WorkerHandle, { signal, reason }: Action & { type: 'kill' }): void {
    const { state } = worker;
    this.#workers.kill(worker, signal, reason);
    if (isBooting(state)) return this.#service.bootFailed(worker, bootTimedOut(worker, reason));
    if (state.name !== 'killed')
      this.#service.log.critical(`${nameOf(worker)}: ${reason}; ending it with ${signal}`);
  }

  #signalled(signal: ArbiterSignal): void {
    const { log, intent } = this.#service;
    log.info(`Handling signal: ${signal.slice(3).toLowerCase()}`);
    switch (signal) {
      case 'SIGTERM':
      case 'SIGINT':
      case 'SIGQUIT':
        return this.#service.stop(stopMode(signal, intent), EXIT.ok);
      case 'SIGUSR1':
        log.reopen();
        return this.#workers.sendAll({ tsunicorn: 'reopenLogs' });
      case 'SIGHUP':
        return this.#service.reload();
      case 'SIGTTIN':
        return this.#service.scaleBy(1);
      case 'SIGTTOU':
        return this.#service.scaleBy(-1);
      default:
        return log.warning(`${signal} is not supported; nothing was changed`);
    }
  }

  #heard(worker: WorkerHandle, message: WorkerMessage): void {
    const service = this.#service;
    switch (message.tsunicorn) {
      case 'hello':
        service.log.info(`Booting worker with pid: ${worker.pid}`, { pid: worker.pid });
        return this.#workers.note(worker, message);
      case 'ready':
        if (isBooting(worker.state)) service.ready(worker, message.urls);
        return;
      case 'bootFailed':
        this.#workers.note(worker, message);
        return service.bootFailed(worker, message);
      case 'loaded':
        return this.#options.development?.loaded(worker.generation, message);
      case 'leaving':
        if (!message.reason.startsWith('SIG')) service.slowDown(worker.state);
        return this.#workers.note(worker, message);
      case 'stalled':
        return endStalled(this.#workers, service.log, worker, message, service.intent.name !== 'stopping');
      default:
        return this.#workers.note(worker, message);
    }
  }
}
