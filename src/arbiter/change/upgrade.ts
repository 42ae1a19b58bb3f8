import type { Listener } from '../../listeners/listener.ts';
import type { Clock } from '../../support/clock.ts';
import { EXIT } from '../../support/errors.ts';
import type { ArbiterEvent, WorkerEnd } from '../events.ts';
import type { Service } from '../service.ts';
import { statusFields } from '../workers/obituary.ts';
import { giveSockets, limitsOf, workerCountOf } from './generation.ts';
import { isEnding, type StopMode, unchangedBecause } from './shutdown.ts';
import type { Succession } from './succession.ts';
import { describeEnd, wasStopped } from './successor-end.ts';

type Step =
  | { readonly name: 'none' }
  /** The new arbiter of the last upgrade has ended unasked. */
  | { readonly name: 'failed' }
  /** This arbiter is the new one, and the one that started it lives. */
  | { readonly name: 'beside'; readonly oldArbiter: number; readonly shared: readonly Listener[] }
  /** USR2 came; the process is not there yet. */
  | { readonly name: 'starting'; readonly shared: readonly Listener[]; readonly stopAtMs: StopAtMs }
  | {
      readonly name: 'booting';
      readonly pid: number;
      readonly shared: readonly Listener[];
      readonly stopAtMs: StopAtMs;
    }
  /** Two arbiters serve. */
  | { readonly name: 'serving'; readonly pid: number; readonly shared: readonly Listener[] };

/**
 * When this arbiter stops at the latest, where it was told to before the new one serves, so that somebody serves meanwhile;
 * null where it was not.
 */
type StopAtMs = number | null;

/** What a new arbiter may take to read its configuration, before its first worker boots. */
const READING_MS = 30_000;
/** A stop waits so long at most, where the boot timeout is longer or off. */
const LONGEST_WAIT_MS = 120_000;

type Booting = Step & { name: 'starting' | 'booting' };

type UpgradeEvent = ArbiterEvent & {
  type: 'upgradeStarted' | 'upgradeReady' | 'upgradeEnded' | 'oldArbiterGone';
};

/**
 * One upgrade at a time, advanced by the arbiter's events: the new arbiter is started, boots, and serves beside this one
 * until either ends. Which of them that is to be is the operator's choice; both know that the sockets are shared.
 */
export class Upgrade {
  readonly #service: Service;
  readonly #succession: Succession;
  readonly #emit: (event: ArbiterEvent) => void;
  readonly #clock: Clock;
  #step: Step = { name: 'none' };

  constructor(service: Service, succession: Succession, emit: (event: ArbiterEvent) => void, clock: Clock) {
    const { oldArbiter } = succession;
    this.#clock = clock;
    this.#service = service;
    this.#succession = succession;
    this.#emit = emit;
    const shared = service.current.listeners.filter((listener) => listener.isShared());
    if (oldArbiter !== null) this.#step = { name: 'beside', oldArbiter, shared };
  }

  /** What it is at. */
  get step(): Step['name'] {
    return this.#step.name;
  }

  /** Whether a stop waits until the new arbiter serves. */
  get holdsStop(): boolean {
    return 'stopAtMs' in this.#step && this.#step.stopAtMs !== null;
  }

  /** When `advance` has something to do. */
  get wakeAtMs(): number {
    if (!('stopAtMs' in this.#step) || isEnding(this.#service.intent)) return Infinity;
    return this.#step.stopAtMs ?? Infinity;
  }

  /** Stops without the new arbiter where that takes too long. */
  advance(): void {
    if (this.#clock.now() < this.wakeAtMs) return;
    this.#service.log.error(
      'The new arbiter does not get ready: this one, which was told to stop, waits for it no longer',
      { event: 'stop-waited' },
    );
    this.#service.stop('graceful', EXIT.ok);
  }

  /** Whether the arbiter has to stay until it knows what became of the start. */
  get isStarting(): boolean {
    return this.#step.name === 'starting';
  }

  /** To be called before a signal is handled: whoever sends one may have seen the old arbiter end before we did. */
  look(): void {
    if (this.#step.name === 'beside' && this.#succession.isOldArbiterGone()) this.#oldArbiterGone();
  }

  /** USR2. */
  begin(): void {
    const { log, hooks, current, view } = this.#service;
    const refusal = this.#refusal();
    if (refusal !== null)
      return log.warning(`USR2 refused, nothing was changed: ${refusal}`, {
        event: 'upgrade-refused',
        reason: refusal,
      });
    hooks.call('preExec', (hook, view) => hook(view));
    const shared = current.listeners;
    for (const listener of shared) listener.setShared(true);
    this.#step = { name: 'starting', shared, stopAtMs: null };
    this.#succession.start(shared, workerCountOf(current, view.workers), this.#emit);
  }

  /** TERM, INT or QUIT: the first graceful stop waits for a new arbiter that has yet to serve. */
  stop(mode: StopMode): void {
    const step = this.#step;
    const isBooting = step.name === 'starting' || step.name === 'booting';
    const waits = isBooting && step.stopAtMs === null && mode === 'graceful';
    if (!waits || isEnding(this.#service.intent)) return this.#service.stop(mode, EXIT.ok);
    const limitMs = Math.min(limitsOf(this.#service.current).bootMs + READING_MS, LONGEST_WAIT_MS);
    this.#step = { ...step, stopAtMs: this.#clock.now() + limitMs };
    this.#service.log.warning(
      'The stop waits until the new arbiter serves; another TERM stops this one at once',
      { event: 'stop-waits' },
    );
  }

  /** WINCH. */
  rest(): void {
    const { log } = this.#service;
    if (this.#step.name !== 'serving' && this.#succession.mayBeResize())
      return log.debug('WINCH ignored: a terminal sends it when its window changes', {
        event: 'winch-ignored',
      });
    log.info('Handling signal: winch', { event: 'signal', signal: 'SIGWINCH' });
    const reason = this.#soleBecause();
    if (reason === null) return this.#service.rest();
    log.warning(`WINCH refused, nothing was changed: ${reason}`, {
      event: 'signal-refused',
      signal: 'SIGWINCH',
      reason,
    });
    // Whoever reads that and asks again means it.
    if (this.#step.name === 'failed') this.#step = { name: 'none' };
  }

  /** This arbiter is about to end. */
  leave(): void {
    const step = this.#step;
    if (step.name === 'booting' || step.name === 'serving')
      this.#service.log.info(`The new arbiter (pid: ${step.pid}) goes on with the sockets`, {
        event: 'upgrade-left',
        arbiter: step.pid,
      });
  }

  take(event: UpgradeEvent): void {
    switch (event.type) {
      case 'upgradeStarted':
        return this.#started(event.pid);
      case 'upgradeReady':
        return this.#ready(event.adopted);
      case 'upgradeEnded':
        return this.#ended(event.end);
      case 'oldArbiterGone':
        return this.#oldArbiterGone();
    }
  }

  /** Why nobody would serve if the workers rested, although an upgrade was asked for; otherwise null. */
  #soleBecause(): string | null {
    switch (this.#step.name) {
      case 'starting':
      case 'booting':
        return 'the new arbiter does not serve yet';
      case 'failed':
        return 'the upgrade before it failed, so that no other arbiter serves; another WINCH retires the workers all the same';
      default:
        return null;
    }
  }

  #refusal(): string | null {
    const step = this.#step;
    const { intent } = this.#service;
    if (intent.name === 'starting' || isEnding(intent)) return unchangedBecause(intent);
    switch (step.name) {
      case 'none':
      case 'failed':
        return null;
      case 'beside':
        return `this is the new arbiter of an upgrade, and the old one (pid: ${step.oldArbiter}) lives; end one of them first`;
      case 'starting':
        return 'an upgrade is under way';
      default:
        return `an upgrade is under way; end the new arbiter (pid: ${step.pid}), or this one, first`;
    }
  }

  #started(pid: number): void {
    const stopAtMs = this.#step.name === 'starting' ? this.#step.stopAtMs : null;
    this.#step = { name: 'booting', pid, shared: this.#shared, stopAtMs };
    this.#service.log.info(`Starting a new arbiter with pid: ${pid}`, {
      event: 'upgrade-started',
      arbiter: pid,
    });
  }

  /** `adopted` are the places of the sockets that the new arbiter uses. */
  #ready(adopted: readonly number[]): void {
    const step = this.#step;
    if (step.name !== 'booting') return;
    const { pid, shared, stopAtMs } = step;
    this.#step = { name: 'serving', pid, shared };
    for (const [index, listener] of shared.entries()) listener.setShared(adopted.includes(index));
    this.#service.log.info(
      `The new arbiter (pid: ${pid}) serves beside this one; TERM to either ends the upgrade`,
      { event: 'upgrade-ready', arbiter: pid },
    );
    this.#succession.upgraded(pid);
    if (stopAtMs !== null && !isEnding(this.#service.intent)) this.#service.stop('graceful', EXIT.ok);
  }

  #ended(end: WorkerEnd): void {
    const step = this.#step;
    const { log } = this.#service;
    for (const listener of this.#shared) listener.setShared(false);
    const asked = end.how === 'status' && end.status === 0;
    this.#step = step.name === 'serving' && asked ? { name: 'none' } : { name: 'failed' };
    if (step.name === 'serving') {
      log[asked ? 'info' : 'error'](
        `The new arbiter (pid: ${step.pid}) ${describeEnd(end)}: this one is alone again`,
        {
          event: 'upgrade-rolled-back',
          arbiter: step.pid,
          reason: describeEnd(end),
          ...statusFields(end),
        },
      );
    }
    if (step.name === 'booting' || step.name === 'serving') this.#succession.ended(step.pid);
    if (step.name === 'serving') {
      // The new one may have given them to the user of its own workers.
      giveSockets(this.#service.current);
      this.#succession.rolledBack();
    }
    this.#service.resume('the new arbiter is gone');
    if (step.name === 'starting' || step.name === 'booting') this.#failed(step, end);
  }

  /** A stop that waited is dropped, so that somebody serves, but where both arbiters were told to stop. */
  #failed(step: Booting, end: WorkerEnd): void {
    const { log, intent } = this.#service;
    const stopWaited = step.stopAtMs !== null && !isEnding(intent);
    const pid = step.name === 'booting' ? ` (pid: ${step.pid})` : '';
    const line = `the new one${pid} ${describeEnd(end)} before it was ready`;
    const fields = {
      event: 'upgrade-failed',
      reason: line,
      ...(step.name === 'booting' ? { arbiter: step.pid } : {}),
      ...statusFields(end),
    } as const;
    if (stopWaited && wasStopped(end)) {
      log.info(`This arbiter stops now: ${line}`, fields);
      return this.#service.stop('graceful', EXIT.ok);
    }
    const dropped = stopWaited ? '; the stop that waited for it is dropped, send TERM again to stop' : '';
    log.error(
      `Upgrade failed, this arbiter ${isEnding(intent) ? 'stops' : 'serves on'}: ${line}${dropped}`,
      fields,
    );
  }

  #oldArbiterGone(): void {
    if (this.#step.name !== 'beside') return;
    const { oldArbiter } = this.#step;
    this.#service.log.info(`The old arbiter (pid: ${oldArbiter}) is gone: this one is alone`, {
      event: 'upgrade-done',
      arbiter: oldArbiter,
    });
    for (const listener of this.#shared) listener.setShared(false);
    this.#step = { name: 'none' };
    this.#succession.alone(this.#service.workers.all.find(({ pid }) => pid > 0)?.pid ?? null);
  }

  get #shared(): readonly Listener[] {
    return 'shared' in this.#step ? this.#step.shared : [];
  }
}
