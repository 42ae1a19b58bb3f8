import type { Listener } from '../../src/listeners/listener.ts';
import type { ObservedWorld } from './observed-world.ts';

/** Checks the callbacks of an upgrade, and which sockets count as shared. */
export class UpgradeInvariants {
  readonly #world: ObservedWorld;
  readonly #fail: (what: string) => void;
  #upgraded: number | null = null;
  /** The sockets that the new arbiter was given. */
  #handed: readonly Listener[] | null = null;
  readonly #ended = new Set<number>();
  #alone = 0;

  constructor(world: ObservedWorld, fail: (what: string) => void) {
    this.#world = world;
    this.#fail = fail;
  }

  /** A new arbiter is started over these sockets. */
  started(listeners: readonly Listener[]): void {
    this.#handed = listeners;
  }

  /** A socket counts as shared exactly as long as two arbiters have it. */
  afterStep(current: readonly Listener[]): void {
    const { arbiter, sockets } = this.#world;
    const { upgrade } = arbiter.steps;
    const isBooting = upgrade === 'starting' || upgrade === 'booting';
    if (isBooting && this.#handed?.some((listener) => !listener.isShared()))
      this.#fail('a new arbiter was started, and its sockets do not count as shared');
    if (upgrade === 'serving') this.#checkAdopted();
    if (upgrade !== 'none' && upgrade !== 'failed') return;
    this.#handed = null;
    for (const listener of [...sockets.open, ...current])
      if (listener.isShared()) this.#fail(`${listener.url} counts as shared, and there is no other arbiter`);
  }

  #checkAdopted(): void {
    const { adopted } = this.#world.newArbiters.find(({ pid }) => pid === this.#upgraded) ?? {};
    for (const [index, listener] of this.#handed?.entries() ?? [])
      if (adopted && listener.isShared() !== adopted.includes(index))
        this.#fail(`whether ${listener.url} is shared is not what the new arbiter said`);
  }

  upgraded(pid: number): void {
    if (this.#upgraded !== null) this.#fail(`${pid} serves, and ${this.#upgraded} does too`);
    const model = this.#world.newArbiters.find((one) => one.pid === pid);
    if (!model?.hasServed) this.#fail(`${pid} never said that it serves`);
    this.#upgraded = pid;
  }

  ended(pid: number): void {
    if (this.#ended.has(pid)) this.#fail(`the end of ${pid} was told twice`);
    if (this.#world.newArbiters.some((one) => one.pid === pid && one.isAlive)) this.#fail(`${pid} lives`);
    this.#ended.add(pid);
  }

  rolledBack(): void {
    if (this.#upgraded === null) this.#fail('rolled back what was not upgraded');
    this.#upgraded = null;
  }

  alone(): void {
    this.#alone++;
    if (this.#alone > 1 || this.#world.oldArbiter === null)
      this.#fail('told of the end of an arbiter that was not there');
  }
}
