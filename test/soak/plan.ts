/** What a soak does to one service, and how long what else is repeated goes on. */
export interface Plan {
  readonly reloads: number;
  readonly upgrades: number;
  readonly recyclings: number;
  /** Each is a TTIN and then a TTOU. */
  readonly scalings: number;
  /** A worker is killed every 200 ms for so long. */
  readonly chaosMs: number;
  /** Clients keep their connections for so long, while a reload begins every `keptReloadMs`. */
  readonly keptMs: number;
  readonly keptReloadMs: number;
  /** How often a service that clients ask all the time is reloaded, and how many of its workers are killed. */
  readonly loadReloads: number;
  readonly loadKills: number;
  /** How often each program is reloaded under load. */
  readonly programReloads: number;
  /** How often the worker of a program that bound first is killed, and all of them are. */
  readonly programKills: number;
  /** How often each operation on a service with companions is done. */
  readonly mixedRounds: number;
  /** The share of 3,400 slow and leaving clients that come, and for how long honest ones ask beside them. */
  readonly slowShare: number;
  readonly slowMs: number;
}

const MINUTES = 60_000;
const PLANS = {
  short: {
    ...{ reloads: 1, upgrades: 1, recyclings: 2, scalings: 1, chaosMs: 1000 },
    ...{
      keptMs: 2500,
      keptReloadMs: 2500,
      loadReloads: 4,
      loadKills: 8,
      programReloads: 1,
      programKills: 1,
      mixedRounds: 1,
      slowShare: 0.1,
      slowMs: 2000,
    },
  },
  medium: {
    ...{ reloads: 3, upgrades: 1, recyclings: 6, scalings: 2, chaosMs: 1500 },
    ...{
      keptMs: 5000,
      keptReloadMs: 2500,
      loadReloads: 20,
      loadKills: 20,
      programReloads: 5,
      programKills: 3,
      mixedRounds: 2,
      slowShare: 0.5,
      slowMs: 6000,
    },
  },
  // Over three worker classes: more than 100 reloads, 10 upgrades, 200 recyclings, 50 of TTIN and TTOU.
  long: {
    ...{ reloads: 34, upgrades: 4, recyclings: 67, scalings: 17, chaosMs: 60_000 },
    ...{
      keptMs: 5 * MINUTES,
      keptReloadMs: 10_000,
      loadReloads: 20,
      loadKills: 20,
      programReloads: 20,
      programKills: 10,
      mixedRounds: 15,
      slowShare: 1,
      slowMs: 40_000,
    },
  },
} as const satisfies Readonly<Record<string, Plan>>;

type Form = keyof typeof PLANS;

function formOf(text: string): Form {
  return text === 'long' || text === 'medium' ? text : 'short';
}

/** The short form is for every run of the tests, the medium one for CI, the long one for `npm run soak`. */
export const form: Form = formOf(process.env.TSUNICORN_SOAK ?? 'short');
export const isLong = form === 'long';
export const plan: Plan = PLANS[form];

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
