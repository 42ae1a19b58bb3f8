/** A request that is due so long after the beginning. */
export interface Arrival {
  readonly atMs: number;
  readonly path: string;
}

/** Numbers from 0 up to 1 that only depend on the seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Requests that come independently of one another (a Poisson process); of each hundred one, at random, is for `rare`. */
export function randomArrivals(
  random: () => number,
  load: {
    readonly perSecond: number;
    readonly seconds: number;
    readonly usual: string;
    readonly rare: string;
  },
): readonly Arrival[] {
  let atMs = 0;
  let rareAt = 0;
  return Array.from({ length: Math.round(load.perSecond * load.seconds) }, (_, index) => {
    atMs += (-Math.log(1 - random()) * 1000) / load.perSecond;
    if (index % 100 === 0) rareAt = index + Math.floor(random() * 100);
    return { atMs, path: index === rareAt ? load.rare : load.usual };
  });
}

/** Requests for `path` in even intervals. */
export function evenArrivals(everyMs: number, seconds: number, path: string): readonly Arrival[] {
  return Array.from({ length: Math.floor((seconds * 1000) / everyMs) }, (_, index) => ({
    atMs: index * everyMs,
    path,
  }));
}
