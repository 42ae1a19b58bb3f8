import { messageOf } from '../errors.ts';
import type { Hooks } from '../hooks.ts';
import type { BootFailure } from '../ipc.ts';
import { formatAddress } from '../listeners/address.ts';
import { bindAll, type Listener } from '../listeners/listener.ts';
import type { Loaded } from '../settings/load.ts';
import type { ArbiterEvent } from './events.ts';
import { addressesOf, type Generation } from './generation.ts';

export interface Reread {
  readonly loaded: Omit<Loaded, 'hooks'>;
  readonly hooks: Hooks;
}

/** What came of reading the configuration again and binding what it asks for. */
export type ReadResult =
  | { readonly ok: true; readonly reread: Reread; readonly listeners: readonly Listener[] }
  | { readonly ok: false; readonly reason: string };

type Step =
  | { readonly name: 'none' }
  | { readonly name: 'reading'; readonly attempt: number }
  | { readonly name: 'proving'; readonly candidate: Generation };

/**
 * One reload at a time, advanced by the arbiter's events: reading, then proving a canary. Once that is ready the reload
 * is over; replacing the other workers is the reconciler's rule. Another HUP supersedes what is under way.
 */
export class Reload {
  readonly #reread: () => Promise<Reread>;
  readonly #emit: (event: ArbiterEvent) => void;
  #step: Step = { name: 'none' };
  #attempts: number;

  /** `reread` loads the configuration again, without side effects, and rejects with one line. */
  constructor(reread: () => Promise<Reread>, emit: (event: ArbiterEvent) => void, firstGeneration: number) {
    this.#reread = reread;
    this.#emit = emit;
    this.#attempts = firstGeneration;
  }

  /** The generation that has yet to prove itself, or null. */
  get candidate(): Generation | null {
    return this.#step.name === 'proving' ? this.#step.candidate : null;
  }

  /** Whether one is under way. */
  get isUnderWay(): boolean {
    return this.#step.name !== 'none';
  }

  /** Begins to read; the result comes back as a `reloadRead` event. */
  start(current: Generation): void {
    this.abandon(current);
    this.#attempts++;
    const attempt = this.#attempts;
    this.#step = { name: 'reading', attempt };
    void readGeneration(this.#reread, current.listeners).then((result) =>
      this.#emit({ type: 'reloadRead', attempt, result }),
    );
  }

  /** Proves new code under the settings that are in force, or about to be. */
  again(current: Generation): void {
    // The code is not loaded yet: what is loaded in the end will be the new.
    if (this.#step.name === 'reading') return;
    const { failure: _shown, ...base } = this.candidate ?? current;
    this.#propose(base);
  }

  /** Puts workers that show the failure in the place of those of `current`. */
  show(failure: BootFailure, current: Generation): void {
    this.#propose({ ...current, failure });
  }

  #propose(generation: Omit<Generation, 'number'>): void {
    this.#attempts++;
    this.#step = { name: 'proving', candidate: { ...generation, number: this.#attempts } };
  }

  /** Takes the result; returns why nothing changes, or null: then `candidate` is to be proved, or was superseded. */
  take(event: ArbiterEvent & { type: 'reloadRead' }, current: Generation): string | null {
    const { attempt, result } = event;
    const expected = this.#step.name === 'reading' && this.#step.attempt === attempt;
    if (!expected) {
      if (result.ok) closeOthers(result.listeners, current.listeners);
      return null;
    }
    this.#step = { name: 'none' };
    if (!result.ok) return result.reason;
    const candidate = { number: attempt, ...result.reread, listeners: result.listeners };
    this.#step = { name: 'proving', candidate };
    return null;
  }

  /** The canary is ready: closes what only the old generation listened on. */
  promote(candidate: Generation, current: Generation): void {
    this.#step = { name: 'none' };
    closeOthers(current.listeners, candidate.listeners);
  }

  /** Forgets a reload under way and closes what only it had opened. */
  abandon(current: Generation): void {
    if (this.#step.name === 'proving') closeOthers(this.#step.candidate.listeners, current.listeners);
    this.#step = { name: 'none' };
  }
}

/** Never rejects; a failure leaves nothing open. */
async function readGeneration(reread: () => Promise<Reread>, open: readonly Listener[]): Promise<ReadResult> {
  try {
    const result = await reread();
    return { ok: true, reread: result, listeners: await bindMissing(result, open) };
  } catch (error) {
    return { ok: false, reason: messageOf(error) };
  }
}

async function bindMissing(reread: Reread, open: readonly Listener[]): Promise<readonly Listener[]> {
  const free = [...open];
  const wanted = addressesOf(reread.loaded).map((address) => {
    const at = free.findIndex((listener) => formatAddress(listener.address) === formatAddress(address));
    return { address, open: at < 0 ? undefined : free.splice(at, 1)[0] };
  });
  const bound = await bindAll(wanted.filter((one) => !one.open).map(({ address }) => address));
  const fresh = bound.values();
  return wanted.flatMap((one) => one.open ?? fresh.next().value ?? []);
}

/** Whether two generations listen on the very same sockets. */
export function sameListeners({ listeners: some }: Generation, { listeners: others }: Generation): boolean {
  return some.length === others.length && some.every((one) => others.includes(one));
}

function closeOthers(listeners: readonly Listener[], kept: readonly Listener[]): void {
  for (const listener of listeners) if (!kept.includes(listener)) listener.close();
}
