import { codeOfMessage } from '../../explain/code.ts';
import type { bindAll } from '../../listeners/bind.ts';
import type { Listener } from '../../listeners/listener.ts';
import type { BootFailure } from '../../process/ipc/loading.ts';
import { messageOf } from '../../support/errors.ts';
import type { ArbiterEvent } from '../events.ts';
import {
  addressesOf,
  followsProgram,
  type Generation,
  type Prepared,
  type ReadResult,
  type Refusal,
} from './generation.ts';
import { Rebinding } from './rebinding.ts';

/** How the last reload came out. */
export interface LastReload {
  /** Of the arbiter's clock, in milliseconds. */
  readonly at: number;
  /** `refused`: no worker was spawned for it; `undone`: its worker did not get ready. */
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
      /** A reload that superseded another is not superseded itself: with a HUP every second none would ever be read. */
      readonly supersedes: boolean;
      readonly next: Next;
    }
  | { readonly name: 'proving'; readonly candidate: Generation; readonly next: Next }
  /** A reload is over, and the next one, which was asked for meanwhile, has not begun. */
  | { readonly name: 'due' };

/** What follows the reload under way. */
type Next = 'nothing' | 'reload';

/** What becomes of a request to reload: it begins, replaces one that was still reading, or follows the one under way. */
export type Asked = 'begins' | 'supersedes' | 'follows' | 'follows already';

export interface ReloadOptions {
  /** Loads the configuration again, without side effects, and rejects with one line. */
  readonly prepare: (signal: AbortSignal) => Promise<Prepared>;
  readonly bindAll: typeof bindAll;
  readonly emit: (event: ArbiterEvent) => void;
  readonly now: () => number;
  /** The sockets that living workers hold. */
  readonly heldByWorkers: () => readonly Listener[];
  readonly firstGeneration: number;
}

/**
 * One reload at a time, advanced by events: the configuration is read, then one worker (the canary) has to get ready. Then
 * the reload is over; the reconciler replaces the other workers. Requests that come while a canary boots do not disturb
 * it: exactly one more reload follows, however often it was asked for.
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

  /** The generation whose first worker has yet to get ready, or null. */
  get candidate(): Generation | null {
    return this.#step.name === 'proving' ? this.#step.candidate : null;
  }

  get step(): Step['name'] {
    return this.#step.name;
  }

  /** Whether one is under way. */
  get isUnderWay(): boolean {
    return this.#step.name !== 'none';
  }

  /** Whether a reload that was asked for during another one is to be started. */
  get isDue(): boolean {
    return this.#step.name === 'due';
  }

  /** The outcome of the last reload; null before the first. */
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

  /** A request to reload. Does not wait for the result. */
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

  /** Begins to read, instead of whatever is under way; the result comes as a `reloadRead` event. */
  start(current: Generation): void {
    const supersedes = this.underWay !== null;
    if (supersedes) this.#record('superseded', 'another reload was requested');
    this.#endReader();
    this.#attempts++;
    const attempt = this.#attempts;
    const reader = new AbortController();
    this.#step = { name: 'reading', attempt, reader, supersedes, next: 'nothing' };
    void this.#read(attempt, current.listeners, reader.signal).then((result) =>
      this.#options.emit({ type: 'reloadRead', attempt, result }),
    );
  }

  /** Reloads the code alone, with the settings of the candidate, or of `current` where there is none. */
  again(current: Generation): void {
    // No code is loaded yet: the new code will be.
    if (this.#step.name === 'reading' || this.#step.name === 'due') return;
    const { failure: _shown, ...base } = this.candidate ?? current;
    this.#propose(base);
  }

  /** Replaces the workers of `current` by workers that show the failure. */
  show(failure: BootFailure, current: Generation): void {
    this.#propose({ ...current, failure });
  }

  #propose(generation: Omit<Generation, 'number'>): void {
    this.#attempts++;
    const candidate = asking({ ...generation, number: this.#attempts });
    this.#step = { name: 'proving', candidate, next: this.#next };
  }

  /** The canary has bound the address that the program asks for. */
  bound(listener: Listener): void {
    this.#rebinding.opened(listener);
    this.#told([listener]);
  }

  /** The program of the canary asks for the same address as the one before. */
  took(): void {
    if (this.#step.name === 'proving') this.#told(this.#step.candidate.listeners);
  }

  #told(listeners: readonly Listener[]): void {
    if (this.#step.name !== 'proving') return;
    const candidate: Generation = { ...this.#step.candidate, listeners, address: 'known' };
    this.#step = { ...this.#step, candidate };
  }

  /** Takes the result of a read. Returns why the reload is refused; null where it is not, or was superseded. */
  take({ attempt, result }: ArbiterEvent & { type: 'reloadRead' }): Refusal | null {
    if (!this.#isReading(attempt)) return null;
    if (!result.ok) {
      this.#finish('refused', result.reason);
      const { ok: _, ...refusal } = result;
      return refusal;
    }
    const candidate = asking({ number: attempt, ...result.prepared, listeners: result.listeners });
    this.#step = { name: 'proving', candidate, next: this.#next };
    this.#rebinding.release(candidate.listeners);
    return null;
  }

  /** The canary is ready: closes the sockets that only the old generation used. */
  promote(candidate: Generation, current: Generation): void {
    this.#rebinding.keep(candidate.listeners);
    this.#finish('promoted', null);
    for (const listener of current.listeners) if (!candidate.listeners.includes(listener)) listener.close();
  }

  /** The canary did not get ready: closes the sockets that only it used. */
  undo(reason: string): void {
    this.#finish('undone', reason);
  }

  /**
   * The service stops, or rests: drops the reload under way and the one that was to follow, and closes the sockets that
   * only they used. Returns whether there was one.
   */
  abandon(reason: string): boolean {
    const { isUnderWay } = this;
    if (this.underWay !== null) this.#record('superseded', reason);
    this.#endReader();
    this.#step = { name: 'none' };
    this.#rebinding.release();
    return isUnderWay;
  }

  /** Never rejects. */
  async #read(attempt: number, open: readonly Listener[], signal: AbortSignal): Promise<ReadResult> {
    try {
      const prepared = await this.#options.prepare(signal);
      if (followsProgram(prepared))
        return { ok: true, prepared, listeners: open.filter(({ place }) => place !== undefined) };
      const addresses = addressesOf(prepared.loaded);
      const listeners = await this.#rebinding.bind({
        addresses,
        open,
        wanted: () => this.#isReading(attempt),
        owner: prepared.privileges?.identity,
      });
      return { ok: true, prepared, listeners };
    } catch (error) {
      const reason = messageOf(error);
      const code = await codeOfMessage(reason);
      return { ok: false, reason, ...(code === null ? {} : { code }) };
    }
  }

  /** Ends the process that reads, whose answer is not needed any more. */
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
    // The next reload may want the same sockets, which the failed worker may hold for a while.
    if (this.#step.name === 'none') this.#rebinding.release();
    this.#record(outcome, reason);
  }

  #record(outcome: LastReload['outcome'], reason: string | null): void {
    this.#last = { at: this.#options.now(), outcome, reason };
  }
}

/** Its first worker asks its program for the address, if the settings name none. */
function asking(generation: Generation): Generation {
  const { address: _before, ...settled } = generation;
  return followsProgram(generation) ? { ...settled, address: 'asked' } : settled;
}

/** Whether two generations listen on the very same sockets. */
export function sameListeners({ listeners: some }: Generation, { listeners: others }: Generation): boolean {
  return some.length === others.length && some.every((one) => others.includes(one));
}
