import { CONTROL_SIGNALS, STOP_SIGNALS } from '../../src/arbiter/events.ts';
import { Chance } from './chance.ts';
import type { Coverage } from './coverage.ts';
import { ASKED, drawMessages } from './operations.ts';

const SIGNALS = [...STOP_SIGNALS, ...CONTROL_SIGNALS];
const UPGRADE_ENDS = [
  'upgradeEnded unstarted',
  'upgradeEnded status',
  'upgradeEnded status > 0',
  'upgradeEnded signal',
];
const CANARY_EVENTS = [
  'canary ends',
  'canary ready',
  'canary bootFailed',
  'canary standby',
  'canary stalled',
];

/** All states and events of one part of the arbiter, and which of them cannot come together. */
interface Table {
  readonly part: 'service' | 'reload' | 'upgrade' | 'worker';
  readonly states: readonly string[];
  readonly events: readonly string[];
  readonly impossible: readonly Impossible[];
}

interface Impossible {
  readonly why: string;
  readonly states: readonly string[];
  readonly events: readonly string[];
}

const service: Table = {
  part: 'service',
  states: [
    'starting',
    'serving',
    'resting',
    'lingering',
    'stopping graceful',
    'stopping quick',
    'stopping forced',
  ],
  events: [
    ...SIGNALS,
    ...['ready', 'bootFailed', 'outgoing', 'leaving', 'stalled', 'boot ends', 'worker ends'],
    ...ASKED.map((name) => `asked ${name}`),
    ...['reloadRead', 'changed', 'upgradeStarted', 'upgradeReady', 'upgradeEnded', 'oldArbiterGone'],
  ],
  impossible: [
    {
      why: 'USR2 is refused before a worker was ready',
      states: ['starting'],
      events: ['upgradeStarted', 'upgradeReady', 'upgradeEnded'],
    },
    {
      why: 'the very signal takes every boot for one that ends',
      states: ['stopping quick', 'stopping forced'],
      events: ['boot ends'],
    },
  ],
};

const reload: Table = {
  part: 'reload',
  states: ['none', 'reading', 'proving', 'due'],
  events: [
    ...SIGNALS,
    ...['read', 'refused', 'read too late', 'refused too late', 'changed'],
    ...CANARY_EVENTS,
    ...CANARY_EVENTS.map((event) => `dropped ${event}`),
  ],
  impossible: [
    {
      why: 'the worker that proves a generation is there only while it is proved',
      states: ['none', 'reading', 'due'],
      events: CANARY_EVENTS,
    },
    {
      why: 'what is read is taken once, and ends the reading',
      states: ['none', 'proving', 'due'],
      events: ['read', 'refused'],
    },
    {
      why: 'binds are made one after the other, so that the superseded one comes before the one that is proved',
      states: ['proving', 'due'],
      events: ['read too late'],
    },
    {
      why: 'a reader that nobody waits for was killed, and has long ended when the time of a worker is over',
      states: ['due'],
      events: ['refused too late'],
    },
  ],
};

const upgrade: Table = {
  part: 'upgrade',
  states: [
    ...['none', 'failed', 'beside', 'serving'],
    ...['starting', 'booting', 'starting, stop waits', 'booting, stop waits'],
  ],
  events: [...SIGNALS, ...UPGRADE_ENDS, 'upgradeStarted', 'upgradeReady', 'oldArbiterGone'],
  impossible: [
    {
      why: 'no new arbiter was asked for, or it has ended',
      states: ['none', 'failed', 'beside'],
      events: [...UPGRADE_ENDS, 'upgradeStarted', 'upgradeReady'],
    },
    {
      why: 'that it has started is in the queue before anything that it does',
      states: ['starting', 'starting, stop waits'],
      events: ['upgradeReady', ...UPGRADE_ENDS.slice(1)],
    },
    {
      why: 'it has started already',
      states: ['booting', 'booting, stop waits', 'serving'],
      events: ['upgradeStarted', 'upgradeEnded unstarted'],
    },
  ],
};

const worker: Table = {
  part: 'worker',
  states: [
    ...['spawning', 'booting', 'standby', 'opening', 'ready', 'outgoing'],
    ...['retiring', 'failed', 'cancelled', 'killed'],
  ],
  events: [
    ...drawMessages(new Chance(0)).map(({ tsunicorn }) => tsunicorn),
    ...['ends by status', 'ends by signal', 'unstarted'],
  ],
  impossible: [
    {
      why: 'what was never a process said nothing',
      states: ['booting', 'standby', 'opening', 'ready', 'outgoing', 'failed'],
      events: ['unstarted'],
    },
  ],
};

const tables: readonly Table[] = [service, reload, upgrade, worker];

const reachable: ReadonlySet<string> = new Set(tables.flatMap((table) => pairsOf(table, false)));

const unreachable: ReadonlySet<string> = new Set(tables.flatMap((table) => pairsOf(table, true)));

/** The pairs that can be met and were not. */
export function missing({ hits }: Coverage): readonly string[] {
  return [...reachable].filter((pair) => !hits.has(pair));
}

/** The pairs that were met although the tables say that they cannot be, with the seed of the first. */
export function wrong({ hits }: Coverage): readonly string[] {
  const met = [...hits].filter(([pair]) => unreachable.has(pair));
  return met.map(([pair, { seed }]) => `${pair} (seed ${seed})`);
}

/** How much was met, part by part. */
export function summary(coverage: Coverage): string {
  const left = new Set(missing(coverage));
  return tables
    .map((table) => {
      const pairs = pairsOf(table, false);
      return `${table.part} ${pairs.filter((pair) => !left.has(pair)).length} of ${pairs.length}`;
    })
    .join(', ');
}

function pairsOf({ part, states, events, impossible }: Table, wanted: boolean): readonly string[] {
  const isImpossible = (state: string, event: string) =>
    impossible.some((rule) => rule.states.includes(state) && rule.events.includes(event));
  return states.flatMap((state) =>
    events
      .filter((event) => isImpossible(state, event) === wanted)
      .map((event) => `${part}: ${state} × ${event}`),
  );
}
