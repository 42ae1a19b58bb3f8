/** What a soak does to one service. */
export interface Plan {
  readonly reloads: number;
  readonly upgrades: number;
  readonly recyclings: number;
  /** Each is a TTIN and then a TTOU. */
  readonly scalings: number;
  /** A worker is killed every 200 ms for so long. */
  readonly chaosMs: number;
}

const SHORT: Plan = { reloads: 3, upgrades: 1, recyclings: 6, scalings: 2, chaosMs: 1500 };
// Over three worker classes: more than 100 reloads, 10 upgrades, 200 recyclings, 50 of TTIN and TTOU.
const LONG: Plan = { reloads: 34, upgrades: 4, recyclings: 67, scalings: 17, chaosMs: 60_000 };

/** The short form is for every run of the tests, the long one for `npm run soak`. */
export const isLong = process.env.TSUNICORN_SOAK === 'long';
export const plan = isLong ? LONG : SHORT;

/** Evenly mixed, the same in every run: what comes `count` times is spread over the whole. */
export function interleaved<Name extends string>(counts: Readonly<Record<Name, number>>): readonly Name[] {
  const names = Object.keys(counts) as Name[];
  return names
    .flatMap((name) =>
      Array.from({ length: counts[name] }, (_, index) => ({ name, at: (index + 0.5) / counts[name] })),
    )
    .toSorted((a, b) => a.at - b.at)
    .map(({ name }) => name);
}
