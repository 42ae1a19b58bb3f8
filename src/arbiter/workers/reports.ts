import { aboutWorker } from '../../log/about-worker.ts';
import type { RecordLog } from '../../log/records.ts';
import type { WorkerMessage } from '../../process/ipc/messages.ts';
import type { PassedSocket } from '../../process/passed-socket.ts';
import { stallReason } from '../../process/stall.ts';
import { inSeconds } from '../../support/duration.ts';
import { EXIT } from '../../support/errors.ts';
import type { ProcessEnd } from '../events.ts';
import { viewOf } from '../hook-caller.ts';
import type { ArbiterOptions } from '../options.ts';
import { isOwnDoing } from '../policy/restart.ts';
import { isBooting, takeOverMs, type WorkerState } from '../policy/worker-state.ts';
import type { Service } from '../service.ts';
import { BlockedLoops } from './blocked-loops.ts';
import { killedAtBoot } from './boot-failure.ts';

import type { WorkerHandle } from './handle.ts';
import { accountFor } from './lost-requests.ts';
import { logEnd, nameOf } from './obituary.ts';
import { Outage } from './outage.ts';
import { SilentWorkers } from './silent-workers.ts';
import { endStalled } from './stall.ts';

type Message<T extends WorkerMessage['tsunicorn']> = WorkerMessage & { readonly tsunicorn: T };

/** Handles the messages of workers and their ends: updates their state, logs it, and tells the service. */
export class Reports {
  readonly #service: Service;
  readonly #options: ArbiterOptions;
  readonly #log: RecordLog;
  readonly #blockedLoops: BlockedLoops;
  readonly #silentWorkers: SilentWorkers;
  readonly #outage: Outage;

  constructor(service: Service, options: ArbiterOptions) {
    const { clock, log, isStopped } = options;
    this.#service = service;
    this.#options = options;
    this.#log = log;
    this.#blockedLoops = new BlockedLoops(clock, log);
    this.#silentWorkers = new SilentWorkers(clock, log, isStopped);
    this.#outage = new Outage(clock, log);
  }

  /** Looks for what no message tells: that no worker serves, or that one is silent. To be called at least once a second. */
  look(): void {
    const { owed, workers } = this.#service;
    this.#outage.look(owed, workers.all);
    this.#silentWorkers.look(workers.all);
  }

  /** Handles a message of a worker or its watchdog. */
  heard(worker: WorkerHandle, message: WorkerMessage, socket: PassedSocket | null = null): void {
    const { workers, current, codes } = this.#service;
    this.#silentWorkers.heard(worker);
    switch (message.tsunicorn) {
      case 'hello':
      case 'standby':
        return this.#boots(worker, message);
      case 'ready':
        // One without a slot was not told to serve.
        if (isBooting(worker.state) && worker.slot !== null) return this.#ready(worker, message);
        return workers.note(worker, message);
      case 'bootFailed':
        // It may come too late, from a worker that was killed for its boot timeout or was told to end.
        if (!isBooting(worker.state)) return;
        workers.note(worker, message);
        return this.#service.bootFailed(worker, message);
      case 'accessLines':
        return this.#options.lost.forward(worker, message.lines);
      case 'outgoing':
        return this.#outgoing(worker, message);
      case 'heartbeat':
        if (message.load) current.scaling?.note(worker.age, message.load);
        return workers.note(worker, message);
      case 'loaded':
        return this.#options.development?.loaded(worker.generation, message);
      case 'code':
        return codes.loaded(worker, message);
      case 'leaving':
        return this.#leaving(worker, message);
      case 'blocked':
      case 'unblocked':
        return this.#blocked(worker, message);
      case 'stalled':
        return this.#stalled(worker, message);
      case 'bound':
      case 'took':
      case 'released':
      case 'wanted':
        return this.#service.listens.take(worker, message, socket);
      default:
        return workers.note(worker, message);
    }
  }

  /** A worker's process has ended. */
  ended(worker: WorkerHandle, end: ProcessEnd): void {
    const { hooks } = this.#service;
    const { lost, judgeKill, clock, log } = this.#options;
    const { state } = worker;
    worker.state = { name: 'exited' };
    this.#service.sides.ended(worker.age);
    this.#blockedLoops.forget(worker);
    if (isOwnDoing(end)) this.#relapsed(state);
    const account = accountFor(worker, end, state, lost);
    const known = worker.known.at(clock.now());
    const { reason, cause } = logEnd(this.#log, worker, end, state, judgeKill, account, known);
    this.#outage.ended(cause);
    hooks.call('childExit', (hook, view) => hook(view, viewOf(worker, log)));
    const who = worker.pid === 0 ? 'A worker' : nameOf(worker);
    const failure = { exitStatus: EXIT.workerBoot, message: `${who} ${reason}` };
    if (isBooting(state) || this.#service.trial.first?.worker === worker)
      this.#service.bootFailed(worker, failure, cause);
  }

  /** The worker loads the application, or has loaded it and stands by. */
  #boots(worker: WorkerHandle, message: Message<'hello' | 'standby'>): void {
    const { pid } = worker;
    if (message.tsunicorn === 'hello') {
      this.#log.info(`Booting worker with pid: ${pid}`, { event: 'worker-booting', ...aboutWorker(worker) });
      this.#service.greeted(worker);
    } else {
      this.#service.sides.loaded(worker.age);
      this.#log.debug(`Worker stands by (pid: ${pid})`, { event: 'worker-standby', ...aboutWorker(worker) });
    }
    this.#service.workers.note(worker, message);
  }

  /** The worker has loaded the application and accepts. */
  #ready(worker: WorkerHandle, message: Message<'ready'>): void {
    const now = this.#options.clock.now();
    const tookMs = takeOverMs(worker.state, now);
    const bootMs = worker.state.name === 'booting' ? Math.round(now - worker.state.sinceMs) : null;
    if (tookMs !== null)
      this.#log.info(
        `Spare worker takes over (pid: ${worker.pid}): it accepts ${tookMs} ms after it was called`,
        { event: 'spare-called', ...aboutWorker(worker), durationMs: tookMs },
      );
    this.#service.sides.loaded(worker.age);
    worker.state = { name: 'ready', sinceMs: now, heartbeatMs: now, outgoing: null };
    this.#log.debug(`Worker is ready (pid: ${worker.pid})`, {
      event: 'worker-ready',
      ...aboutWorker(worker),
      ...(bootMs === null ? {} : { durationMs: bootMs }),
    });
    this.#service.ready(worker, message);
  }

  /** Its event loop is blocked, or runs again. A worker that is killed has a record that says so. */
  #blocked(worker: WorkerHandle, message: Message<'blocked' | 'unblocked'>): void {
    const { name } = worker.state;
    if (name === 'ready' || name === 'standby' || name === 'retiring')
      this.#blockedLoops.note(worker, message);
  }

  #stalled(worker: WorkerHandle, message: Message<'stalled'>): void {
    const { workers, intent } = this.#service;
    const { state } = worker;
    this.#blockedLoops.forget(worker);
    endStalled(workers, this.#log, worker, message, intent.name !== 'stopping');
    if (!isBooting(state)) return;
    const failure = killedAtBoot(worker, {
      cause: 'stall',
      reason: stallReason(message),
      wasStandby: state.name === 'standby',
      readyPath: null,
    });
    this.#service.bootFailed(worker, failure, 'stall');
  }

  /** The worker asks to be replaced, and serves until then. */
  #outgoing(worker: WorkerHandle, message: Message<'outgoing'>): void {
    const { restarts, workers } = this.#service;
    const { state } = worker;
    if (state.name !== 'ready') return;
    this.#log.info(`${nameOf(worker)} will be replaced: ${message.reason}`, {
      event: 'worker-outgoing',
      ...aboutWorker(worker),
      reason: message.reason,
    });
    const delayMs = restarts.asked(state, message.by);
    if (delayMs > 0)
      this.#log.warning(
        `Workers reach a recycling limit within seconds of becoming ready; the limit is probably too low. Next replacement ${inSeconds(delayMs)}`,
        { event: 'recycling-held-back', retryMs: Math.round(delayMs) },
      );
    workers.note(worker, message);
  }

  /** The worker ends of its own accord. */
  #leaving(worker: WorkerHandle, message: Message<'leaving'>): void {
    const { state } = worker;
    this.#service.workers.note(worker, message);
    if (message.by === 'itself') this.#relapsed(state);
  }

  /** A worker that was in `state` ends by its own doing. */
  #relapsed(state: WorkerState): void {
    const delayMs = this.#service.restarts.ended(state);
    if (delayMs > 0)
      this.#log.warning(`Workers end soon after they were ready; next try ${inSeconds(delayMs)}`, {
        event: 'crash-loop',
        retryMs: Math.round(delayMs),
      });
  }
}
