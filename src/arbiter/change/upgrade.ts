import type { Listener } from '../../listeners/listener.ts';
import type { ArbiterRole } from '../../process/status.ts';
import { EXIT } from '../../support/errors.ts';
import type { ArbiterEvent, ProcessEnd } from '../events.ts';
import type { ArbiterOptions, UpgradeOptions } from '../options.ts';
import { refuseCommand, refuseSignal } from '../refuse.ts';
import type { Service } from '../service.ts';
import { handingOf } from '../side-sockets.ts';
import { statusFields } from '../workers/obituary.ts';
import { giveSockets, limitsOf, workerCountOf } from './generation.ts';
import { describeEnd, wasStopped } from './new-arbiter.ts';
import { isEnding, type StopMode, unchangedBecause } from './shutdown.ts';

/**
 * Where an upgrade stands, in the old arbiter or in the new one. `shared` are the sockets that both arbiters have.
 * `stopAtMs` is set where the service was told to stop before the new arbiter serves: the stop waits, at most until then.
 */
type UpgradeState =
  | { readonly name: 'none' }
  /** The last new arbiter ended before it served, or by a failure. */
  | { readonly name: 'failed' }
  /** This arbiter is the new one, and the old one lives. */
  | { readonly name: 'beside'; readonly oldArbiter: number; readonly shared: readonly Listener[] }
  /** The new arbiter was asked for and is no process yet. */
  | { readonly name: 'starting'; readonly shared: readonly Listener[]; readonly stopAtMs: number | null }
  /** The new arbiter is a process and does not serve yet. */
  | {
      readonly name: 'booting';
      readonly newArbiter: number;
      readonly shared: readonly Listener[];
      readonly stopAtMs: number | null;
    }
  /** The new arbiter serves beside this one. */
  | { readonly name: 'serving'; readonly newArbiter: number; readonly shared: readonly Listener[] };

type Booting = UpgradeState & { name: 'starting' | 'booting' };

type UpgradeEvent = ArbiterEvent & {
  type: 'upgradeStarted' | 'upgradeReady' | 'upgradeEnded' | 'oldArbiterGone';
};

/** What a new arbiter may take to read its configuration, before its first worker boots. */
const READING_MS = 30_000;
/** A stop waits at most this long, where the boot timeout is longer or off. */
const LONGEST_WAIT_MS = 120_000;

/**
 * One upgrade at a time, advanced by events: a new arbiter starts, boots, and serves beside this one until either of them
 * ends. Which one ends is the operator's choice.
 */
export class Upgrade {
  readonly #service: Service;
  readonly #options: UpgradeOptions;
  readonly #emit: (event: ArbiterEvent) => void;
  readonly #now: () => number;
  #state: UpgradeState = { name: 'none' };

  constructor(
    service: Service,
    { upgrade, clock }: Pick<ArbiterOptions, 'upgrade' | 'clock'>,
    emit: (event: ArbiterEvent) => void,
  ) {
    const { oldArbiter } = upgrade;
    this.#service = service;
    this.#options = upgrade;
    this.#emit = emit;
    this.#now = () => clock.now();
    const shared = service.current.listeners.filter((listener) => listener.isShared());
    if (oldArbiter !== null) this.#state = { name: 'beside', oldArbiter, shared };
  }

  get step(): UpgradeState['name'] {
    return this.#state.name;
  }

  /** The pid of the arbiter that this one has started, while it lives. */
  get newArbiter(): number | null {
    return 'newArbiter' in this.#state ? this.#state.newArbiter : null;
  }

  /** Whether another arbiter lives, old or new. */
  get hasPeer(): boolean {
    return this.#state.name === 'beside' || this.newArbiter !== null;
  }

  /** Which of the arbiters that serve this one is. */
  get role(): ArbiterRole {
    if (this.#state.name === 'serving') return 'old';
    return this.#state.name === 'beside' ? 'new' : 'only';
  }

  /** Whether a stop waits until the new arbiter serves. */
  get holdsStop(): boolean {
    return 'stopAtMs' in this.#state && this.#state.stopAtMs !== null;
  }

  /** When `advance` has something to do; Infinity where only an event can change that. */
  get wakeAtMs(): number {
    if (!('stopAtMs' in this.#state) || isEnding(this.#service.intent)) return Infinity;
    return this.#state.stopAtMs ?? Infinity;
  }

  /** Ends the wait of a stop for a new arbiter that takes too long. */
  advance(): void {
    if (this.#now() < this.wakeAtMs) return;
    this.#service.log.error(
      'The new arbiter did not become ready in time; the stop of this one no longer waits for it',
      { event: 'stop-waited' },
    );
    this.#service.stop('graceful', EXIT.ok);
  }

  /** To be called before a signal is handled: who sends one may have seen the end of the old arbiter before it is told. */
  noticeOldArbiterGone(): void {
    if (this.#state.name === 'beside' && this.#options.isOldArbiterGone()) this.#oldArbiterGone();
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
    this.#state = { name: 'starting', shared, stopAtMs: null };
    // Behind the listeners, whose places the new arbiter tells.
    const sides = this.#service.sides.open.map(handingOf);
    this.#options.start([...shared, ...sides], workerCountOf(current, view.workers), this.#emit);
  }

  /** TERM, INT or QUIT: the first graceful stop waits for a new arbiter that does not serve yet. */
  stop(mode: StopMode): void {
    const state = this.#state;
    const isBooting = state.name === 'starting' || state.name === 'booting';
    const waits = isBooting && state.stopAtMs === null && mode === 'graceful';
    if (!waits || isEnding(this.#service.intent)) return this.#service.stop(mode, EXIT.ok);
    const limitMs = Math.min(limitsOf(this.#service.current).bootMs + READING_MS, LONGEST_WAIT_MS);
    this.#state = { ...state, stopAtMs: this.#now() + limitMs };
    this.#service.log.warning(
      'The stop waits until the new arbiter serves; another TERM stops this one at once',
      { event: 'stop-waits' },
    );
  }

  /** As WINCH, for who asks for it in so many words. */
  pause(): void {
    const state = this.#state;
    if (state.name !== 'starting' && state.name !== 'booting') return this.#service.rest('pause');
    refuseCommand(this.#service.log, 'pause', 'the new arbiter of the upgrade does not serve yet');
  }

  /** WINCH. */
  rest(): void {
    const { log } = this.#service;
    if (this.#state.name !== 'serving' && this.#options.mayBeResize())
      return log.debug('WINCH ignored: a terminal sends it when its window changes', {
        event: 'winch-ignored',
      });
    log.info('Handling signal: winch', { event: 'signal', signal: 'SIGWINCH' });
    const reason = this.#soleBecause();
    if (reason === null) return this.#service.rest();
    refuseSignal(log, 'WINCH', reason);
    // The refusal names the failure: whoever sends another WINCH knows of it.
    if (this.#state.name === 'failed') this.#state = { name: 'none' };
  }

  /** Whether this arbiter may end: not before it knows whether a new one was started over its sockets. */
  get mayLeave(): boolean {
    return this.#state.name !== 'starting';
  }

  /** This arbiter is about to end. */
  leave(): void {
    if (this.newArbiter !== null)
      this.#service.log.info(`The new arbiter (pid: ${this.newArbiter}) keeps serving on the same sockets`, {
        event: 'upgrade-left',
        arbiter: this.newArbiter,
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

  /** Why no arbiter would serve if the workers of this one retired, although an upgrade was asked for; otherwise null. */
  #soleBecause(): string | null {
    switch (this.#state.name) {
      case 'starting':
      case 'booting':
        return 'the new arbiter does not serve yet';
      case 'failed':
        return 'the last upgrade failed, so no other arbiter serves; send WINCH again to retire the workers anyway';
      default:
        return null;
    }
  }

  #refusal(): string | null {
    const state = this.#state;
    const { intent } = this.#service;
    if (intent.name === 'starting' || isEnding(intent)) return unchangedBecause(intent);
    switch (state.name) {
      case 'none':
      case 'failed':
        return null;
      case 'beside':
        return `this is the new arbiter of an upgrade, and the old one (pid: ${state.oldArbiter}) is still running; stop one of them first`;
      case 'starting':
        return 'an upgrade is under way';
      case 'booting':
      case 'serving':
        return `an upgrade is under way; stop the new arbiter (pid: ${state.newArbiter}) or this one first`;
    }
  }

  #started(newArbiter: number): void {
    if (this.#state.name !== 'starting') return;
    this.#state = { ...this.#state, name: 'booting', newArbiter };
    this.#service.log.info(`Starting a new arbiter with pid: ${newArbiter}`, {
      event: 'upgrade-started',
      arbiter: newArbiter,
    });
  }

  /** `adopted` are the places of the sockets that the new arbiter uses. */
  #ready(adopted: readonly number[]): void {
    if (this.#state.name !== 'booting') return;
    const { newArbiter, shared, stopAtMs } = this.#state;
    this.#state = { name: 'serving', newArbiter, shared };
    for (const [index, listener] of shared.entries()) listener.setShared(adopted.includes(index));
    this.#service.log.info(
      `The new arbiter (pid: ${newArbiter}) serves together with this one; send TERM to one of them to end the upgrade`,
      { event: 'upgrade-ready', arbiter: newArbiter },
    );
    this.#options.upgraded(newArbiter);
    if (stopAtMs !== null && !isEnding(this.#service.intent)) this.#service.stop('graceful', EXIT.ok);
  }

  #ended(end: ProcessEnd): void {
    const state = this.#state;
    const isAsked = end.how === 'status' && end.status === 0;
    this.#unshare();
    this.#state = state.name === 'serving' && isAsked ? { name: 'none' } : { name: 'failed' };
    if (state.name === 'serving') this.#rolledBack(state.newArbiter, end, isAsked);
    if (state.name === 'booting') this.#options.ended(state.newArbiter);
    // What it was to be handed is let go of all the same.
    if (state.name === 'starting') this.#options.ended(null);
    this.#service.resume('the new arbiter has exited');
    if (state.name === 'starting' || state.name === 'booting') this.#failed(state, end);
  }

  /** It had served. */
  #rolledBack(newArbiter: number, end: ProcessEnd, isAsked: boolean): void {
    const reason = describeEnd(end);
    const line = `The new arbiter (pid: ${newArbiter}) ${reason}; the upgrade is rolled back`;
    const fields = {
      event: 'upgrade-rolled-back',
      arbiter: newArbiter,
      reason,
      ...statusFields(end),
    } as const;
    if (isAsked) this.#service.log.info(line, fields);
    else this.#service.log.error(line, fields);
    this.#options.ended(newArbiter);
    // The new one may have given them to the user of its own workers.
    giveSockets(this.#service.current);
    this.#options.rolledBack();
  }

  /** It never served. A stop that waited for it is dropped so that this arbiter serves, unless both were told to stop. */
  #failed(state: Booting, end: ProcessEnd): void {
    const { log, intent } = this.#service;
    const stopWaited = state.stopAtMs !== null && !isEnding(intent);
    const pid = state.name === 'booting' ? ` (pid: ${state.newArbiter})` : '';
    const reason = `the new one${pid} ${describeEnd(end)} before it was ready`;
    const fields = {
      event: 'upgrade-failed',
      reason,
      ...(state.name === 'booting' ? { arbiter: state.newArbiter } : {}),
      ...statusFields(end),
    } as const;
    if (stopWaited && wasStopped(end)) {
      log.info(`This arbiter stops now: ${reason}`, fields);
      return this.#service.stop('graceful', EXIT.ok);
    }
    const dropped = stopWaited ? '; the stop that waited for it is cancelled, send TERM again to stop' : '';
    log.error(
      `Upgrade failed, this arbiter ${isEnding(intent) ? 'stops' : 'keeps serving'}: ${reason}${dropped}`,
      fields,
    );
  }

  #oldArbiterGone(): void {
    if (this.#state.name !== 'beside') return;
    const { oldArbiter } = this.#state;
    this.#service.log.info(`The old arbiter (pid: ${oldArbiter}) has exited: the upgrade is complete`, {
      event: 'upgrade-done',
      arbiter: oldArbiter,
    });
    this.#unshare();
    this.#state = { name: 'none' };
    this.#options.alone(this.#service.workers.all.find(({ pid }) => pid > 0)?.pid ?? null);
  }

  #unshare(): void {
    if ('shared' in this.#state) for (const listener of this.#state.shared) listener.setShared(false);
  }
}
