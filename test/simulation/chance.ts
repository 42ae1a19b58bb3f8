import { drawFrom } from '../support/draw.ts';

/** Choices that are the same for the same seed. */
export class Chance {
  readonly #draw: () => number;

  constructor(...seeds: readonly number[]) {
    this.#draw = drawFrom(seeds.reduce((sum, seed) => Math.imul(sum ^ seed, 0x9e3779b1) + 0x85ebca6b, 1));
  }

  /** In [0, 1), with so few digits that it can be printed and read again. */
  fraction(): number {
    return Math.floor(this.#draw() * 10_000) / 10_000;
  }

  below(limit: number): number {
    return Math.floor(this.#draw() * limit);
  }

  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  happens(probability: number): boolean {
    return this.#draw() < probability;
  }

  of<T>(some: readonly T[]): T {
    return some[this.below(some.length)] as T;
  }

  /** One of the names, each as often as its weight says. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    const entries = Object.entries(weights) as [Name, number][];
    let left = this.#draw() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [name, weight] of entries) {
      left -= weight;
      if (left < 0) return name;
    }
    return entries.at(-1)?.[0] as Name;
  }
}

/** The one of them that a fraction points at. */
export function at<T>(some: readonly T[], fraction: number): T | undefined {
  return some[Math.floor(fraction * some.length)];
}
