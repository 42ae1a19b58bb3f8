import type { bindAll } from '../../listeners/bind.ts';
import type { Listener } from '../../listeners/listener.ts';
import type { BootFailure } from '../../process/ipc.ts';
import { messageOf } from '../../support/errors.ts';
import type { ArbiterEvent } from '../events.ts';
import { addressesOf, type Generation, type Prepared, type ReadResult } from './generation.ts';
import { Rebinding } from './rebinding.ts';

/** How the last reload came out. */
export interface LastReload {
  /** Of the arbiter's clock, in milliseconds. */
  readonly at: number;
  /** `refused` before a worker was spawned for it, `undone` because that worker did not get ready. */
  readonly outcome: 'promoted' | 'refused' | 'undone' | 'superseded';
  /** One line; null where it was promoted. */
  readonly reason: string | null;
}

type Step =
  | { readonly name: 'none' }
  | {
      readonly name: 'reading';
      readonly attempt: number;
      readonly reader: AbortController;
      /** One that took the place of another is read to its end: orders that come faster than a read would never end. */
      readonly supersedes: boolean;
      readonly next: Next;
    }
  | { readonly name: 'proving'; readonly candidate: Generation; readonly next: Next }
  /** One is over, and the next was asked for meanwhile. */
  | { readonly name: 'due' };

/** What follows the reload under way. */
type Next = 'nothing' | 'reload';

/** What becomes of an order to reload: it begins, in the place of one that was still reading or not, or follows the one under way. */
export type Asked = 'begins' | 'supersedes' | 'follows' | 'follows already';

export interface ReloadOptions {
  /** Loads the configuration again, without side effects, and rejects with one line. */
  readonly reread: (signal: AbortSignal) => Promise<Prepared>;
  readonly bindAll: typeof bindAll;
  readonly emit: (event: ArbiterEvent) => void;
  readonly now: () => number;
  /** The sockets that living workers hold. */
  readonly heldByWorkers: () => readonly Listener[];
  readonly firstGeneration: number;
}

/**
 * One reload at a time, advanced by the arbiter's events: reading, then proving a canary. Once that is ready the reload
 * is over; replacing the other workers is the reconciler's rule. One that is proved is not disturbed by another order:
 * exactly one more follows it, however often it was asked for.
 */
export class Reload {
  readonly #options: ReloadOptions;
  readonly #rebinding: Rebinding;
  #step: Step = { name: 'none' };
  #attempts: number;
  #last: LastReload | null = null;

  constructor(options: ReloadOptions) {
    this.#options = options;
    this.#rebinding = new Rebinding({
      bindAll: options.bindAll,
      heldByWorkers: options.heldByWorkers,
      isReading: () => this.#step.name === 'reading',
    });
    this.#attempts = options.firstGeneration;
  }

  /** The generation that has yet to prove itself, or null. */
  get candidate(): Generation | null {
    return this.#step.name === 'proving' ? this.#step.candidate : null;
  }

  /** What it is at. */
  get step(): Step['name'] {
    return this.#step.name;
  }

  /** Whether one is under way. */
  get isUnderWay(): boolean {
    return this.#step.name !== 'none';
  }

  /** Whether the next is to be started, as it was asked for while another was under way. */
  get isDue(): boolean {
    return this.#step.name === 'due';
  }

  /** Null until one has come out. */
  get last(): LastReload | null {
    return this.#last;
  }

  /** Why the last reload changed nothing, until one succeeds. */
  get failure(): string | null {
    const failed = this.#last?.outcome === 'refused' || this.#last?.outcome === 'undone';
    return failed ? (this.#last?.reason ?? null) : null;
  }

  /** The number of the reload under way, or null. */
  get underWay(): number | null {
    if (this.#step.name === 'none' || this.#step.name === 'due') return null;
    return this.#step.name === 'reading' ? this.#step.attempt : this.#step.candidate.number;
  }

  /** An order to reload; nobody waits for it. */
  ask(current: Generation): Asked {
    const step = this.#step;
    if (step.name === 'none' || step.name === 'due') {
      this.start(current);
      return 'begins';
    }
    if (step.name === 'reading' && !step.supersedes) {
      this.start(current);
      return 'supersedes';
    }
    if (step.next === 'reload') return 'follows already';
    this.#step = { ...step, next: 'reload' };
    return 'follows';
  }

  /** Begins to read, in the place of whatever is under way; the result comes back as a `reloadRead` event. */
  start(current: Generation): void {
    const supersedes = this.underWay !== null;
    if (supersedes) this.#record('superseded', 'another reload was asked for');
    this.#endReader();
    this.#attempts++;
    const attempt = this.#attempts;
    const reader = new AbortController();
    this.#step = { name: 'reading', attempt, reader, supersedes, next: 'nothing' };
    void this.#read(attempt, current.listeners, reader.signal).then((result) =>
      this.#options.emit({ type: 'reloadRead', attempt, result }),
    );
  }

  /** Proves new code under the settings that are in force, or about to be. */
  again(current: Generation): void {
    // The code is not loaded yet: what is loaded in the end will be the new.
    if (this.#step.name === 'reading' || this.#step.name === 'due') return;
    const { failure: _shown, ...base } = this.candidate ?? current;
    this.#propose(base);
  }

  /** Puts workers that show the failure in the place of those of `current`. */
  show(failure: BootFailure, current: Generation): void {
    this.#propose({ ...current, failure });
  }

  #propose(generation: Omit<Generation, 'number'>): void {
    this.#attempts++;
    this.#step = { name: 'proving', candidate: { ...generation, number: this.#attempts }, next: this.#next };
  }

  /** Takes the result; returns why nothing changes, or null: then `candidate` is to be proved, or was superseded. */
  take({ attempt, result }: ArbiterEvent & { type: 'reloadRead' }): string | null {
    if (!this.#isReading(attempt)) return null;
    if (!result.ok) {
      this.#finish('refused', result.reason);
      return result.reason;
    }
    const candidate = { number: attempt, ...result.reread, listeners: result.listeners };
    this.#step = { name: 'proving', candidate, next: this.#next };
    this.#rebinding.release(candidate.listeners);
    return null;
  }

  /** The canary is ready: closes what only the old generation listened on. */
  promote(candidate: Generation, current: Generation): void {
    this.#rebinding.keep(candidate.listeners);
    this.#finish('promoted', null);
    for (const listener of current.listeners) if (!candidate.listeners.includes(listener)) listener.close();
  }

  /** The canary did not get ready: closes what only it had. */
  undo(reason: string): void {
    this.#finish('undone', reason);
  }

  /**
   * The service stops, or rests: forgets a reload under way, and what was to follow it, and closes what only it had
   * opened. Returns whether there was one.
   */
  abandon(reason: string): boolean {
    const { isUnderWay } = this;
    if (this.underWay !== null) this.#record('superseded', reason);
    this.#endReader();
    this.#step = { name: 'none' };
    this.#rebinding.release();
    return isUnderWay;
  }

  /** Never rejects; a failure leaves nothing open. */
  async #read(attempt: number, open: readonly Listener[], signal: AbortSignal): Promise<ReadResult> {
    try {
      const reread = await this.#options.reread(signal);
      const addresses = addressesOf(reread.loaded);
      const listeners = await this.#rebinding.bind({
        addresses,
        open,
        wanted: () => this.#isReading(attempt),
        owner: reread.privileges?.identity,
      });
      return { ok: true, reread, listeners };
    } catch (error) {
      return { ok: false, reason: messageOf(error) };
    }
  }

  /** Nobody waits any more for what it reads. */
  #endReader(): void {
    if (this.#step.name === 'reading') this.#step.reader.abort();
  }

  #isReading(attempt: number): boolean {
    return this.#step.name === 'reading' && this.#step.attempt === attempt;
  }

  get #next(): Next {
    return this.#step.name === 'reading' || this.#step.name === 'proving' ? this.#step.next : 'nothing';
  }

  #finish(outcome: LastReload['outcome'], reason: string | null): void {
    this.#step = { name: this.#next === 'reload' ? 'due' : 'none' };
    // The next may want what this one opened, and its failed worker hold it for a while yet.
    if (this.#step.name === 'none') this.#rebinding.release();
    this.#record(outcome, reason);
  }

  #record(outcome: LastReload['outcome'], reason: string | null): void {
    this.#last = { at: this.#options.now(), outcome, reason };
  }
}

/** Whether two generations listen on the very same sockets. */
export function sameListeners({ listeners: some }: Generation, { listeners: others }: Generation): boolean {
  return some.length === others.length && some.every((one) => others.includes(one));
}
