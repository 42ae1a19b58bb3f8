import type { ArbiterSignal, Command } from '../../src/arbiter/events.ts';
import type { WorkerMessage } from '../../src/process/ipc/messages.ts';
import type { Settings } from '../../src/settings/catalogue/catalogue.ts';
import type { SpawnFailure } from '../support/fake-spawn.ts';
import type { Chance } from './chance.ts';
import type { Order } from './machine.ts';
import { NEW_ARBITER_FATES, type NewArbiterFate } from './other-models.ts';
import { APPLICATIONS, type Application, type Death, deaths } from './worker-model.ts';

/**
 * One thing that happens to a service: plain data, so that a schedule can be printed, cut and run again. `who` points at
 * one of those that are there at that time, as a fraction of their number.
 */
export type Operation =
  /** So many timers, each a step. */
  | { readonly op: 'run'; readonly timers: number }
  | { readonly op: 'wait'; readonly ms: number }
  /** Several at once: the loop sees them one after the other. */
  | { readonly op: 'signals'; readonly signals: readonly ArbiterSignal[] }
  /** An operator asks for it; `who` is the worker that is meant, where one is. */
  | { readonly op: 'ask'; readonly what: Asked; readonly who: number; readonly count: number }
  /** A worker sends these messages, whatever its state is; it is one `of` the living ones, or of all that ever were. */
  | {
      readonly op: 'say';
      readonly of: 'living' | 'all';
      readonly who: number;
      readonly messages: readonly WorkerMessage[];
    }
  | { readonly op: 'die'; readonly who: number; readonly how: Death }
  | { readonly op: 'stick'; readonly who: number }
  | { readonly op: 'leave'; readonly who: number }
  | { readonly op: 'refuse'; readonly failures: readonly SpawnFailure[] }
  | { readonly op: 'deploy'; readonly application: Application }
  /** What the next reload will find: these settings, or some that are drawn by `seed`. */
  | {
      readonly op: 'configure';
      readonly seed: number;
      readonly settings?: Partial<Settings>;
      readonly reading: 'answers' | 'refuses' | 'dies' | 'hangs';
    }
  | { readonly op: 'bind'; readonly next: 'late' | 'refused' }
  | { readonly op: 'new arbiters'; readonly fate: NewArbiterFate }
  | { readonly op: 'new arbiter dies'; readonly how: Death }
  | { readonly op: 'new arbiter acts' }
  | { readonly op: 'old arbiter'; readonly is: 'gone unseen' | 'gone' }
  | { readonly op: 'save' }
  | { readonly op: 'load'; readonly utilisation: number }
  /** A hook of the arbiter blocks, or the whole machine sleeps. */
  | { readonly op: 'block' | 'sleep'; readonly ms: number }
  /** The arbiter's process is stopped. When it goes on, it finds signals before or after the messages of its children. */
  | ({ readonly op: 'freeze'; readonly ms: number } & Found)
  /** The deadline of a worker passes in the same turn in which those signals are found. */
  | ({ readonly op: 'expire'; readonly who: number } & Found);

/** The commands that signals cannot give, and some that they can. */
export const ASKED = [
  ...(['reload', 'scale', 'drain', 'pause', 'resume', 'restart', 'kill'] as const),
  ...(['hold', 'release'] as const),
] satisfies readonly Command['name'][];

export type Asked = (typeof ASKED)[number];

/** What the arbiter finds when it goes on after a stop. */
interface Found {
  readonly signals: readonly ArbiterSignal[];
  readonly order: Order;
  readonly during: readonly Happening[];
}

/** What takes no time. */
export type Happening = Exclude<Operation, { op: 'run' | 'wait' | 'freeze' | 'expire' | 'sleep' }>;

type Kind = Operation['op'];

const WEIGHTS: Readonly<Record<Kind, number>> = {
  run: 40,
  wait: 18,
  signals: 14,
  ask: 5,
  say: 8,
  die: 5,
  stick: 2,
  leave: 1,
  refuse: 1.5,
  deploy: 4,
  configure: 4,
  bind: 1,
  'new arbiters': 2,
  'new arbiter dies': 1.5,
  'new arbiter acts': 0.5,
  'old arbiter': 0.5,
  save: 2,
  load: 1,
  freeze: 1,
  block: 1,
  sleep: 1,
  expire: 1.5,
};

const ORDERS: readonly Order[] = ['first', 'last', 'mixed'];

/** As operators send them: most of all reloads; a stop is the end of a schedule. */
const SIGNAL_WEIGHTS: Readonly<Record<ArbiterSignal, number>> = {
  SIGHUP: 10,
  SIGTTIN: 4,
  SIGTTOU: 4,
  SIGUSR1: 1,
  SIGUSR2: 4,
  SIGWINCH: 2,
  SIGTERM: 0.7,
  SIGINT: 0.2,
  SIGQUIT: 0.2,
};

/** The weights at the end of a schedule. */
const LAST_SIGNALS: Readonly<Record<ArbiterSignal, number>> = {
  SIGHUP: 1,
  SIGTTIN: 1,
  SIGTTOU: 1,
  SIGUSR1: 1,
  SIGUSR2: 2,
  SIGWINCH: 1,
  SIGTERM: 4,
  SIGINT: 2,
  SIGQUIT: 3,
};

/** A drain is the end of a schedule, as a stop is. */
const ASKED_WEIGHTS: Readonly<Record<Asked, number>> = {
  ...{ reload: 1, scale: 2, drain: 0.6, pause: 1.5, resume: 2 },
  ...{ restart: 3, kill: 1, hold: 3, release: 2 },
};

const LAST_WEIGHTS: Readonly<Record<Kind, number>> = {
  ...WEIGHTS,
  run: 20,
  wait: 4,
  signals: 20,
  ask: 8,
  say: 20,
  'new arbiter dies': 3,
  'old arbiter': 4,
  save: 4,
  freeze: 6,
};

/** `isLast` for the operations at the end of a schedule, in which a stop is likely. */
export function drawOperation(chance: Chance, isLast = false): Operation {
  const who = chance.fraction();
  const op = chance.weighted(isLast ? LAST_WEIGHTS : WEIGHTS);
  switch (op) {
    case 'run':
      return { op, timers: chance.between(1, isLast ? 3 : 12) };
    case 'wait':
      return { op, ms: chance.of(isLast ? [1, 1, 10, 1000] : [1, 10, 100, 1000, 3000, 10_000]) };
    case 'signals':
      return { op, signals: drawSignals(chance, isLast) };
    case 'ask':
      return { op, what: chance.weighted(ASKED_WEIGHTS), who, count: chance.between(1, 5) };
    case 'say':
      return {
        op,
        of: chance.of(['living', 'living', 'living', 'all']),
        who,
        messages: Array.from({ length: chance.of([1, 1, 2, 4]) }, () => drawMessage(chance)),
      };
    case 'die':
      return { op, who, how: chance.of(deaths) };
    case 'stick':
    case 'leave':
      return { op, who };
    case 'refuse':
      return { op, failures: Array.from({ length: chance.between(1, 4) }, () => drawRefusal(chance)) };
    case 'deploy':
      return { op, application: chance.happens(0.5) ? 'good' : chance.of(APPLICATIONS) };
    case 'configure':
      return {
        op,
        seed: chance.below(1_000_000),
        reading: chance.weighted({ answers: 8, refuses: 1, dies: 1, hangs: 1 }),
      };
    case 'bind':
      return { op, next: chance.of(['late', 'late', 'refused']) };
    case 'new arbiters':
      return { op, fate: chance.of(NEW_ARBITER_FATES) };
    case 'new arbiter dies':
      return { op, how: chance.of(deaths) };
    case 'old arbiter':
      return { op, is: chance.of(['gone unseen', 'gone']) };
    case 'new arbiter acts':
    case 'save':
      return { op };
    case 'load':
      return { op, utilisation: chance.of([0, 0.3, 0.9, 1]) };
    case 'freeze':
      return { op, ms: chance.of([10, 600, 3000, 40_000]), ...drawFound(chance, isLast) };
    case 'expire':
      return { op, who, ...drawFound(chance, isLast) };
    case 'block':
    case 'sleep':
      return { op, ms: chance.of([400, 600, 3000, 40_000]) };
  }
}

function drawFound(chance: Chance, isLast: boolean): Found {
  const drawn = Array.from({ length: chance.of([0, 0, 1, 3]) }, () => drawOperation(chance, isLast));
  return {
    signals: chance.happens(0.5) ? drawSignals(chance, isLast) : [],
    order: chance.of(ORDERS),
    during: drawn.filter(isHappening),
  };
}

function isHappening(operation: Operation): operation is Happening {
  return !['run', 'wait', 'freeze', 'expire', 'sleep'].includes(operation.op);
}

function drawSignals(chance: Chance, isLast: boolean): readonly ArbiterSignal[] {
  const length = chance.happens(0.25) ? chance.between(2, 9) : 1;
  return Array.from({ length }, () => chance.weighted(isLast ? LAST_SIGNALS : SIGNAL_WEIGHTS));
}

function drawRefusal(chance: Chance): SpawnFailure {
  return chance.of(['EMFILE', 'ENFILE', 'EAGAIN', 'ENOENT', 'EACCES', 'E2BIG', 'ENOMEM']);
}

/** Messages of any kind, which a worker may send in a state in which it should not. */
function drawMessage(chance: Chance): WorkerMessage {
  return chance.of(drawMessages(chance));
}

/** One message of each kind: each is drawn, and has to occur in every state. */
export function drawMessages(chance: Chance): readonly WorkerMessage[] {
  const by = chance.of(['itself', 'signal'] as const);
  return [
    { tsunicorn: 'hello' },
    { tsunicorn: 'standby' },
    { tsunicorn: 'ready', urls: [] },
    { tsunicorn: 'heartbeat', load: { utilisation: chance.fraction(), inFlight: chance.below(9) } },
    { tsunicorn: 'bootFailed', exitStatus: chance.of([1, 3, 4]), message: 'it says that it fails' },
    { tsunicorn: 'loaded', files: ['/app/more.ts'], missing: ['/app/none.ts'], atMs: 1 },
    { tsunicorn: 'outgoing', reason: 'it says so', by },
    { tsunicorn: 'leaving', reason: 'it says so', by },
    { tsunicorn: 'debugged' },
    { tsunicorn: 'loading' },
    { tsunicorn: 'memory', rssBytes: 1e8, heapBytes: 1e7, heapLimitBytes: chance.of([null, 1e9]) },
    {
      tsunicorn: 'ending',
      call: 'process.exit()',
      place: { file: '/app/app.ts', line: 1, column: null },
      requests: [],
      waiting: 0,
    },
    {
      tsunicorn: 'blocked',
      blockedMs: 1000,
      seen: chance.of([null, { stack: null, requests: [], waiting: 0 }]),
    },
    { tsunicorn: 'unblocked', blockedMs: 2000 },
    { tsunicorn: 'drained' },
    { tsunicorn: 'accounted', complete: chance.happens(0.5) },
    { tsunicorn: 'accessLines', lines: ['a line'] },
    { tsunicorn: 'flights', began: [], changed: [], over: [chance.below(9)] },
    {
      tsunicorn: 'stalled',
      blockedMs: 5000,
      limit: chance.of(['timeout', 'gracefulTimeout']),
      accessComplete: chance.happens(0.9),
      seen: { stack: chance.of([null, ['at x']]), requests: [], omitted: 0, unread: 0 },
    },
  ];
}
