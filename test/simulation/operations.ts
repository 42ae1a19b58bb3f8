import type { ArbiterSignal } from '../../src/arbiter/events.ts';
import type { WorkerMessage } from '../../src/ipc.ts';
import type { SpawnFailure } from '../support/fake-spawn.ts';
import type { Chance } from './chance.ts';
import { SUCCESSIONS, type Successor } from './other-models.ts';
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
  | { readonly op: 'say'; readonly who: number; readonly message: WorkerMessage; readonly times: number }
  | { readonly op: 'die'; readonly who: number; readonly how: Death }
  | { readonly op: 'stick'; readonly who: number }
  | { readonly op: 'leave'; readonly who: number }
  | { readonly op: 'refuse'; readonly failures: readonly SpawnFailure[] }
  | { readonly op: 'deploy'; readonly application: Application }
  /** What the next reload will find; `seed` is of the new settings. */
  | {
      readonly op: 'configure';
      readonly seed: number;
      readonly reading: 'answers' | 'refuses' | 'dies' | 'hangs';
    }
  | { readonly op: 'bind'; readonly next: 'late' | 'refused' }
  | { readonly op: 'successors'; readonly fate: Successor }
  | { readonly op: 'successor dies'; readonly how: Death }
  | { readonly op: 'elder'; readonly is: 'gone unseen' | 'gone' }
  | { readonly op: 'save' }
  | { readonly op: 'load'; readonly utilisation: number }
  /** The arbiter alone is stopped, or blocked by a hook, or the whole machine sleeps. */
  | { readonly op: 'freeze' | 'block' | 'sleep'; readonly ms: number };

type Kind = Operation['op'];

const WEIGHTS: Readonly<Record<Kind, number>> = {
  run: 40,
  wait: 18,
  signals: 14,
  say: 8,
  die: 5,
  stick: 2,
  leave: 1,
  refuse: 1.5,
  deploy: 4,
  configure: 4,
  bind: 1,
  successors: 2,
  'successor dies': 1.5,
  elder: 0.5,
  save: 2,
  load: 1,
  freeze: 1,
  block: 1,
  sleep: 1,
};

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

export function drawOperation(chance: Chance): Operation {
  const who = chance.fraction();
  const op = chance.weighted(WEIGHTS);
  switch (op) {
    case 'run':
      return { op, timers: chance.between(1, 12) };
    case 'wait':
      return { op, ms: chance.of([1, 10, 100, 1000, 3000, 10_000]) };
    case 'signals':
      return { op, signals: drawSignals(chance) };
    case 'say':
      return { op, who, message: drawMessage(chance), times: chance.of([1, 1, 2]) };
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
    case 'successors':
      return { op, fate: chance.of(SUCCESSIONS) };
    case 'successor dies':
      return { op, how: chance.of(deaths) };
    case 'elder':
      return { op, is: chance.of(['gone unseen', 'gone']) };
    case 'save':
      return { op };
    case 'load':
      return { op, utilisation: chance.of([0, 0.3, 0.9, 1]) };
    case 'freeze':
    case 'block':
    case 'sleep':
      return { op, ms: chance.of([400, 600, 3000, 40_000]) };
  }
}

function drawSignals(chance: Chance): readonly ArbiterSignal[] {
  const length = chance.happens(0.25) ? chance.between(2, 9) : 1;
  return Array.from({ length }, () => chance.weighted(SIGNAL_WEIGHTS));
}

function drawRefusal(chance: Chance): SpawnFailure {
  return chance.of(['EMFILE', 'ENFILE', 'EAGAIN', 'ENOENT', 'EACCES', 'E2BIG', 'ENOMEM']);
}

/** Whatever a worker may say, in a state in which it may not. */
function drawMessage(chance: Chance): WorkerMessage {
  const by = chance.of(['itself', 'signal'] as const);
  return chance.of<WorkerMessage>([
    { tsunicorn: 'hello' },
    { tsunicorn: 'standby' },
    { tsunicorn: 'ready', urls: [] },
    { tsunicorn: 'heartbeat', load: { utilisation: chance.fraction(), inFlight: chance.below(9) } },
    { tsunicorn: 'bootFailed', exitStatus: chance.of([1, 3, 4]), message: 'it says that it fails' },
    { tsunicorn: 'loaded', files: ['/app/more.ts'], missing: ['/app/none.ts'], atMs: 1 },
    { tsunicorn: 'outgoing', reason: 'it says so', by },
    { tsunicorn: 'leaving', reason: 'it says so', by },
    { tsunicorn: 'debugged' },
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
  ]);
}
