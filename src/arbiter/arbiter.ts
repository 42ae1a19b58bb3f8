import { stopMode } from './change/shutdown.ts';
import { Upgrade } from './change/upgrade.ts';
import { CompanionLink } from './companion-link.ts';
import type { ArbiterEvent, ArbiterSignal, Command } from './events.ts';
import type { ArbiterOptions } from './options.ts';
import { reconcile } from './policy/reconcile.ts';
import { Service } from './service.ts';
import { Actions } from './workers/actions.ts';
import type { WorkerHandle } from './workers/handle.ts';
import { Reports } from './workers/reports.ts';
import type { WorkerSet } from './workers/set.ts';

/** The loop wakes at least this often, so that a late wake-up shows that the arbiter itself was stopped. */
const TICK_MS = 1000;

/** The step that each part of an arbiter is at, for the simulation. */
export interface Steps {
  readonly intent: Service['intent'];
  readonly reload: Service['reloadStep'];
  readonly upgrade: Upgrade['step'];
  /** Whether a stop waits until the new arbiter of the upgrade serves. */
  readonly holdsStop: boolean;
}

/** Supervises workers: takes one event, handles it, reconciles, waits for the next. No handler waits. */
export class Arbiter {
  readonly #options: ArbiterOptions;
  readonly #service: Service;
  readonly #workers: WorkerSet;
  readonly #upgrade: Upgrade;
  readonly #reports: Reports;
  readonly #actions: Actions;
  readonly #companions: CompanionLink;

  constructor(options: ArbiterOptions) {
    const emit = (event: ArbiterEvent) => options.queue.push(event);
    this.#options = options;
    this.#service = new Service(options, emit);
    this.#workers = this.#service.workers;
    this.#upgrade = new Upgrade(this.#service, options, emit);
    this.#reports = new Reports(this.#service, options);
    this.#actions = new Actions(this.#service, options, emit);
    this.#companions = new CompanionLink(this.#service, this.#upgrade, options, emit);
  }

  get steps(): Steps {
    const { intent, reloadStep } = this.#service;
    const { step: upgrade, holdsStop } = this.#upgrade;
    return { intent, reload: reloadStep, upgrade, holdsStop };
  }

  /** The pid of the arbiter that an upgrade has started, while it lives. */
  get newArbiter(): number | null {
    return this.#upgrade.newArbiter;
  }

  /** The workers that have not exited. */
  get workers(): readonly WorkerHandle[] {
    return this.#workers.all;
  }

  /** Serves until told to stop; resolves with the exit status once every worker is gone. */
  async run(): Promise<number> {
    const { queue, clock } = this.#options;
    const { hooks } = this.#service;
    hooks.call('nworkersChanged', (hook, view) => hook(view, view.workers, null));
    for (;;) {
      const wakeAtMs = this.#advance();
      const { intent } = this.#service;
      if (intent.name === 'stopping' && this.#isEmpty && this.#upgrade.mayLeave) {
        this.#upgrade.leave();
        this.#actions.close();
        await hooks.last(clock);
        return intent.exitStatus;
      }
      const event = await queue.next(wakeAtMs);
      this.#workers.forgiveSince(wakeAtMs);
      const wokeMs = clock.now();
      if (event?.type === 'asked') event.begins?.();
      this.#survive(() => {
        if (event) this.#handle(event);
        this.#service.scaleByLoad();
      });
      if (event?.type === 'asked') event.handled?.();
      this.#workers.forgiveSince(wokeMs);
    }
  }

  /** Whether no process of the service is left. */
  get #isEmpty(): boolean {
    return this.#workers.size === 0 && this.#companions.areGone;
  }

  /** Does what is due and reconciles; returns when there is more to do if no event comes before. */
  #advance(): number {
    this.#survive(() => {
      this.#reports.look();
      this.#companions.advance();
      this.#service.advance();
      this.#upgrade.advance();
    });
    return Math.min(
      this.#reconcile(),
      this.#service.wakeAtMs,
      this.#upgrade.wakeAtMs,
      this.#lookAtCompanions(),
      this.#observed(),
      this.#options.clock.now() + TICK_MS,
    );
  }

  #reconcile(): number {
    const now = this.#options.clock.now();
    const { actions, wakeAtMs } = reconcile(this.#service.desired, this.#workers.all, now);
    for (const action of actions) {
      // An action that fails is tried again in the next turn, which must not follow at once.
      if (!this.#survive(() => this.#actions.perform(action))) return now + TICK_MS;
      // A kill may have halted the service or undone a reload, which makes the rest of the plan void.
      if (action.type === 'kill') break;
    }
    // The actions have changed the deadlines.
    return actions.length === 0 ? wakeAtMs : now;
  }

  /** Returns when there is more to do for them. */
  #lookAtCompanions(): number {
    let atMs = Infinity;
    this.#survive(() => {
      atMs = this.#companions.look();
    });
    return atMs;
  }

  /** Tells the observer, if there is one; returns when it wants to be called again. */
  #observed(): number {
    let atMs = Infinity;
    this.#survive(() => {
      atMs =
        this.#options.observe?.(this.#service.status(this.#upgrade.role, this.#companions.statuses)) ??
        Infinity;
    });
    return atMs;
  }

  #handle(event: ArbiterEvent): void {
    switch (event.type) {
      case 'signal':
        return this.#signalled(event.signal);
      case 'asked':
        return this.#asked(event.command);
      case 'message': {
        const worker = this.#workers.get(event.worker);
        if (worker === undefined) return event.socket?.close();
        return this.#reports.heard(worker, event.message, event.socket ?? null);
      }
      case 'exit': {
        const worker = this.#workers.remove(event.worker);
        return worker && this.#reports.ended(worker, event.end);
      }
      case 'reloadRead':
        return this.#service.reloadRead(event);
      case 'companion':
      case 'peer':
        return this.#companions.take(event);
      case 'changed':
        return this.#service.changed(event.files);
      case 'tls':
        return this.#service.tlsChanged(event.change, event.generation);
      default:
        return this.#upgrade.take(event);
    }
  }

  #asked(command: Command): void {
    switch (command.name) {
      case 'reload':
        return this.#service.reload('reload');
      case 'scale':
        return this.#service.scaleTo(command.count);
      case 'stop':
        return this.#upgrade.stop(command.mode);
      case 'drain':
        return this.#service.drain();
      case 'pause':
        return this.#upgrade.pause();
      case 'resume':
        return this.#service.resume('it was asked for at the control socket');
      case 'reopen':
        return this.#reopenLogs();
      case 'logLevel':
        return this.#service.setLogLevel(command.level);
      case 'upgrade':
        return this.#upgrade.begin();
      case 'restart':
        return this.#service.commands.restart(command.age);
      case 'kill':
        return this.#service.commands.kill(command.age);
      case 'hold':
        return this.#service.commands.hold(command.age, command.forMs);
      case 'release':
        return this.#service.commands.release(command.age);
    }
  }

  #reopenLogs(): void {
    this.#service.log.reopen();
    this.#workers.sendAll({ tsunicorn: 'reopenLogs' });
  }

  #signalled(signal: ArbiterSignal): void {
    const { log, intent } = this.#service;
    this.#upgrade.noticeOldArbiterGone();
    if (signal === 'SIGWINCH') return this.#upgrade.rest();
    log.info(`Handling signal: ${signal.slice(3).toLowerCase()}`, { event: 'signal', signal });
    switch (signal) {
      case 'SIGTERM':
      case 'SIGINT':
      case 'SIGQUIT':
        return this.#upgrade.stop(stopMode(signal, intent));
      case 'SIGUSR1':
        return this.#reopenLogs();
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

  /** Runs the step so that a bug of ours does not end the service; returns whether it threw nothing. */
  #survive(step: () => void): boolean {
    try {
      step();
      return true;
    } catch (err) {
      this.#service.log.critical('This is a bug in tsunicorn, please report it; the service continues', {
        event: 'internal-error',
        err,
      });
      return false;
    }
  }
}
