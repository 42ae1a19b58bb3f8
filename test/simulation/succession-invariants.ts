import type { World } from './world.ts';

/** What others are told of an upgrade, in its order. */
export class SuccessionInvariants {
  readonly #world: World;
  readonly #fail: (what: string) => void;
  #upgraded: number | null = null;
  readonly #ended = new Set<number>();
  #alone = 0;

  constructor(world: World, fail: (what: string) => void) {
    this.#world = world;
    this.#fail = fail;
  }

  upgraded(pid: number): void {
    if (this.#upgraded !== null) this.#fail(`${pid} serves, and ${this.#upgraded} does too`);
    const model = this.#world.successors.find((one) => one.pid === pid);
    if (!model?.hasServed) this.#fail(`${pid} never said that it serves`);
    this.#upgraded = pid;
  }

  ended(pid: number): void {
    if (this.#ended.has(pid)) this.#fail(`the end of ${pid} was told twice`);
    if (this.#world.successors.some((one) => one.pid === pid && one.isAlive)) this.#fail(`${pid} lives`);
    this.#ended.add(pid);
  }

  rolledBack(): void {
    if (this.#upgraded === null) this.#fail('rolled back what was not upgraded');
    this.#upgraded = null;
  }

  alone(): void {
    this.#alone++;
    if (this.#alone > 1 || this.#world.elder === null)
      this.#fail('told of the end of an arbiter that was not there');
  }
}
