import type { ArbiterSignal } from '../../src/arbiter/events.ts';
import { CONTROL_SIGNALS, STOP_SIGNALS } from '../../src/arbiter/events.ts';
import type { WorkerMessage } from '../../src/process/ipc/messages.ts';
import type { Settings } from '../../src/settings/catalogue/catalogue.ts';
import { Chance } from './chance.ts';
import { drawMessages, type Happening, type Operation } from './operations.ts';
import type { Beginning } from './world.ts';

/** Schedules that chance would produce too rarely; each is run for a few seeds. */
export interface Scene {
  readonly name: string;
  readonly beginning: Beginning;
  readonly operations: readonly Operation[];
}

const plain: Partial<Settings> = {
  workers: 2,
  spareWorkers: 0,
  reloadBatch: 1,
  timeout: 5,
  bootTimeout: 5,
  gracefulTimeout: 3,
  drainDelay: 0,
  watchdog: true,
  reload: false,
  debug: false,
};

const signals = (...all: readonly ArbiterSignal[]): Operation => ({ op: 'signals', signals: all });
const wait = (ms: number): Operation => ({ op: 'wait', ms });
const configure = (settings: Partial<Settings>): Operation => ({
  op: 'configure',
  seed: 1,
  settings,
  reading: 'answers',
});
const deploy = (application: 'good' | 'hangs'): Operation => ({ op: 'deploy', application });
const newArbiters = (fate: 'serves' | 'hangs'): Operation => ({ op: 'new arbiters', fate });
const youngest = 0.9999;
const say = (...messages: readonly WorkerMessage[]): Happening => ({
  op: 'say',
  of: 'living',
  who: youngest,
  messages,
});
const nothing: WorkerMessage = { tsunicorn: 'heartbeat' };
const ready: WorkerMessage = { tsunicorn: 'ready', urls: [] };
const failed: WorkerMessage = { tsunicorn: 'bootFailed', exitStatus: 4, message: 'no' };
const stalled: WorkerMessage = {
  tsunicorn: 'stalled',
  blockedMs: 1,
  limit: 'timeout',
  seen: { stack: null, requests: [], omitted: 0, unread: 0 },
  accessComplete: true,
};
/** What is found after a standstill of a moment, in this order: the first said, the first signal, the next said, … */
const find = (during: readonly Happening[], ...found: readonly ArbiterSignal[]): Operation => ({
  op: 'freeze',
  ms: 10,
  signals: found,
  order: 'mixed',
  during,
});

/** A reload of which the worker hangs, while another one is asked for. */
const hanging = [
  wait(2000),
  deploy('hangs'),
  signals('SIGHUP'),
  wait(2000),
  signals('SIGHUP'),
  deploy('good'),
];
/** The deadline of that worker passes: the first event is handled, the worker is killed, then the other events are handled. */
const over = (during: readonly Happening[], ...found: readonly ArbiterSignal[]): Operation => ({
  op: 'expire',
  who: youngest,
  signals: found.length > 0 ? ['SIGUSR1', ...found] : [],
  order: 'first',
  during: [say(nothing), ...during],
});
const acts: Happening = { op: 'new arbiter acts' };
const gone: Happening = { op: 'old arbiter', is: 'gone' };
const still: Beginning = { settings: plain, oldArbiter: false };
/** A reload whose worker has failed and is still there, and another one that is read. */
const undone = [
  wait(2000),
  deploy('hangs'),
  signals('SIGHUP'),
  wait(1000),
  say(failed),
  deploy('good'),
  signals('SIGHUP'),
];
const ALL_SIGNALS: readonly ArbiterSignal[] = [...STOP_SIGNALS, ...CONTROL_SIGNALS];

export const scenes: readonly Scene[] = [
  {
    name: 'companions through reloads, and an upgrade that is rolled back',
    beginning: { settings: plain, oldArbiter: false, companions: true },
    operations: [
      ...[wait(10_000), signals('SIGHUP'), wait(30_000), signals('SIGHUP'), wait(30_000)],
      ...[newArbiters('serves'), signals('SIGUSR2'), wait(5000), signals('SIGWINCH'), wait(20_000)],
      ...[{ op: 'new arbiter dies', how: 'SIGKILL' } as const, wait(20_000), signals('SIGHUP'), wait(5000)],
    ],
  },
  {
    name: 'companions of an old arbiter that dies',
    beginning: { settings: plain, oldArbiter: true, companions: true },
    operations: [
      wait(5000),
      { op: 'old arbiter', is: 'gone' },
      wait(20_000),
      signals('SIGHUP'),
      wait(30_000),
    ],
  },
  ...ALL_SIGNALS.map((signal) => ({
    name: `${signal} between two reloads`,
    beginning: { settings: plain, oldArbiter: false },
    operations: [...hanging, over([], signal), wait(3000)],
  })),
  ...[ready, failed, stalled, { tsunicorn: 'standby' } as const].map((message) => ({
    name: `${message.tsunicorn} of a dropped worker between two reloads`,
    beginning: { settings: plain, oldArbiter: false },
    operations: [...hanging, over([say(message)]), wait(3000)],
  })),
  {
    name: 'a dropped worker ends between two reloads',
    beginning: { settings: plain, oldArbiter: false },
    operations: [...hanging, over([{ op: 'die', who: youngest, how: 'SIGSEGV' }]), wait(3000)],
  },
  {
    name: 'files change between two reloads',
    beginning: { settings: { ...plain, reload: true }, oldArbiter: false },
    operations: [...hanging, over([{ op: 'save' }]), wait(3000)],
  },
  ...(['SIGTERM', 'SIGWINCH'] as const).map((signal) => ({
    name: `a boot ends in the turn of ${signal}`,
    beginning: { settings: { ...plain, workers: 3 }, oldArbiter: false },
    operations: [
      wait(1000),
      deploy('hangs'),
      signals('SIGTTIN'),
      wait(1000),
      signals('SIGTTIN'),
      wait(3500),
      {
        op: 'expire',
        who: 0.7,
        signals: [signal],
        order: 'first',
        during: [{ op: 'die', who: youngest, how: 1 }],
      },
    ] satisfies readonly Operation[],
  })),
  {
    name: 'the old arbiter ends while the new one lingers',
    beginning: { settings: { ...plain, drainDelay: 5 }, oldArbiter: true },
    operations: [
      wait(1000),
      configure({ bind: ['127.0.0.1:8002'] }),
      signals('SIGHUP'),
      wait(3000),
      signals('SIGTERM'),
      wait(100),
      { op: 'old arbiter', is: 'gone' },
      wait(6000),
    ],
  },
  {
    name: 'a new arbiter serves while the old one lingers on other sockets',
    beginning: { settings: { ...plain, drainDelay: 5 }, oldArbiter: false },
    operations: [
      wait(1000),
      newArbiters('serves'),
      configure({ bind: ['127.0.0.1:8002'] }),
      signals('SIGHUP', 'SIGUSR2'),
      wait(800),
      signals('SIGTERM', 'SIGTERM'),
      wait(6000),
    ],
  },
  {
    name: 'a new arbiter starts while the old one lingers on other sockets',
    beginning: { settings: { ...plain, drainDelay: 5 }, oldArbiter: false },
    operations: [
      wait(1000),
      deploy('hangs'),
      configure({ bind: ['127.0.0.1:8002'] }),
      signals('SIGHUP'),
      wait(1500),
      find([say(nothing, ready)], 'SIGUSR2', 'SIGTERM', 'SIGTERM'),
      wait(6000),
    ],
  },
  ...(['SIGUSR1', 'SIGTERM'] as const).map((signal) => ({
    name: `the old arbiter ends while the new one starts another, after ${signal}`,
    beginning: { settings: plain, oldArbiter: true },
    operations: [
      wait(1000),
      newArbiters('hangs'),
      { op: 'old arbiter', is: 'gone unseen' },
      find([say(nothing, nothing), { op: 'old arbiter', is: 'gone' }], 'SIGUSR2', signal),
      wait(1000),
    ] satisfies readonly Operation[],
  })),
  {
    name: 'the old arbiter ends while a stop waits for a newer one',
    beginning: { settings: plain, oldArbiter: true },
    operations: [
      wait(1000),
      newArbiters('hangs'),
      { op: 'old arbiter', is: 'gone unseen' },
      signals('SIGUSR2', 'SIGTERM'),
      wait(10),
      { op: 'old arbiter', is: 'gone' },
      wait(1000),
    ],
  },
  ...ALL_SIGNALS.map((signal) => ({
    name: `${signal} while a stop waits for a new arbiter that starts`,
    beginning: { settings: plain, oldArbiter: false },
    operations: [wait(1000), signals('SIGUSR2', 'SIGTERM', signal), wait(2000)],
  })),
  ...[10, 3500].map((ms) => ({
    name: `the old arbiter is known to have ended ${ms} ms after the new one started another`,
    beginning: { settings: plain, oldArbiter: true },
    operations: [
      wait(1000),
      { op: 'old arbiter', is: 'gone unseen' },
      signals('SIGUSR2'),
      wait(ms),
      { op: 'old arbiter', is: 'gone' },
      wait(1000),
    ] satisfies readonly Operation[],
  })),
  {
    name: 'the old arbiter ends while the new one rests',
    beginning: { settings: plain, oldArbiter: true },
    operations: [wait(1000), signals('SIGWINCH'), wait(100), { op: 'old arbiter', is: 'gone' }, wait(1000)],
  },
  {
    name: 'files change while the service lingers',
    beginning: { settings: { ...plain, reload: true, drainDelay: 5 }, oldArbiter: false },
    operations: [wait(1000), signals('SIGTERM'), wait(100), { op: 'save' }, wait(6000)],
  },
  {
    name: 'files change in the moment in which the service stops',
    beginning: { settings: { ...plain, reload: true }, oldArbiter: false },
    operations: [
      wait(1000),
      { op: 'freeze', ms: 60, signals: ['SIGTERM'], order: 'first', during: [{ op: 'save' }] },
      wait(6000),
    ],
  },
  ...[false, true].map((debug) => ({
    name: `the application cannot be loaded at the start of development${debug ? ', nor can what shows that' : ''}`,
    beginning: { settings: { ...plain, workers: 1, reload: true, debug }, oldArbiter: false },
    operations: [
      { op: 'die', who: youngest, how: 'SIGKILL' },
      wait(1),
      { op: 'die', who: youngest, how: 'SIGKILL' },
      wait(10_000),
    ] satisfies readonly Operation[],
  })),
  {
    name: 'a new arbiter ends while the old one lingers on other sockets',
    beginning: { settings: { ...plain, drainDelay: 5 }, oldArbiter: false },
    operations: [
      wait(1000),
      newArbiters('serves'),
      configure({ bind: ['127.0.0.1:8002'] }),
      signals('SIGHUP', 'SIGUSR2'),
      wait(3500),
      signals('SIGTERM'),
      wait(100),
      { op: 'new arbiter dies', how: 1 },
      wait(6000),
    ],
  },
  {
    name: 'a new arbiter serves in the moment in which the workers are killed',
    beginning: { settings: plain, oldArbiter: false },
    operations: [
      wait(1000),
      newArbiters('serves'),
      signals('SIGUSR2'),
      {
        op: 'freeze',
        ms: 10,
        signals: ['SIGQUIT', 'SIGQUIT', 'SIGQUIT'],
        order: 'first',
        during: [acts],
      },
      wait(1000),
    ],
  },
  ...[ready, failed, stalled, { tsunicorn: 'standby' } as const].map((message) => ({
    name: `${message.tsunicorn} of the worker of an undone reload while the next is proved`,
    beginning: { settings: plain, oldArbiter: false },
    operations: [
      wait(2000),
      deploy('hangs'),
      signals('SIGHUP'),
      wait(1000),
      say(failed),
      signals('SIGHUP'),
      wait(500),
      { ...say(message), who: 0.7 },
      wait(3000),
    ],
  })),
  ...([['SIGQUIT'], ['SIGQUIT', 'SIGQUIT'], ['SIGTTOU']] as const).map((after) => ({
    name: `${after.join(' and ')} before a worker is known to be no process`,
    beginning: still,
    operations: [
      wait(1000),
      { op: 'refuse', failures: ['EMFILE'] },
      signals('SIGTTIN', ...after),
      wait(1000),
    ] satisfies readonly Operation[],
  })),
  ...(['SIGWINCH', 'SIGTERM'] as const).map((signal) => ({
    name: `${signal} while a reload binds, and while its worker boots`,
    beginning: { settings: plain, oldArbiter: false },
    operations: [
      wait(2000),
      configure({ bind: ['127.0.0.1:8001'] }),
      { op: 'bind', next: 'late' },
      signals('SIGHUP'),
      wait(310),
      signals('SIGWINCH'),
      wait(1000),
      deploy('hangs'),
      signals('SIGHUP'),
      wait(1000),
      signals(signal),
      wait(1000),
    ] satisfies readonly Operation[],
  })),
  ...ALL_SIGNALS.flatMap((signal) => [
    {
      name: `${signal} while the service starts`,
      beginning: still,
      operations: [signals(signal), wait(1000)],
    },
    {
      name: `${signal} while the service lingers`,
      beginning: { settings: { ...plain, drainDelay: 5 }, oldArbiter: false },
      operations: [wait(1000), signals('SIGTERM', signal), wait(6000)],
    },
    {
      name: `${signal} when the workers were killed`,
      beginning: still,
      operations: [wait(1000), signals('SIGQUIT', 'SIGQUIT', signal), wait(1000)],
    },
  ]),
  ...[ready, failed, stalled, { tsunicorn: 'standby' } as const].map((message) => ({
    name: `${message.tsunicorn} of the worker of an undone reload while the next is read`,
    beginning: still,
    operations: [...undone, say(message), wait(3000)],
  })),
  {
    name: 'the worker of an undone reload ends while the next is read',
    beginning: still,
    operations: [...undone, { op: 'die', who: youngest, how: 'SIGSEGV' }, wait(3000)],
  },
  {
    name: 'files change in the moment in which the workers are killed',
    beginning: { settings: { ...plain, reload: true }, oldArbiter: false },
    operations: [
      wait(1000),
      {
        op: 'freeze',
        ms: 60,
        signals: ['SIGQUIT', 'SIGQUIT'],
        order: 'first',
        during: [{ op: 'save' }],
      },
      wait(1000),
    ],
  },
  ...[[], [signals('SIGTERM')], [signals('SIGQUIT')]].map((before) => ({
    name: `the old arbiter ends while the new one ${before.length > 0 ? 'stops' : 'starts'}`,
    beginning: { settings: plain, oldArbiter: true },
    operations: [...(before.length > 0 ? [wait(1000)] : []), ...before, gone, wait(6000)],
  })),
  {
    name: 'the old arbiter ends when the workers of the new one were killed',
    beginning: { settings: plain, oldArbiter: true },
    operations: [
      wait(1000),
      { op: 'freeze', ms: 10, signals: ['SIGQUIT', 'SIGQUIT'], order: 'first', during: [gone] },
      wait(1000),
    ],
  },
  ...[signals('SIGUSR1'), signals('SIGUSR2')].map((before) => ({
    name: 'the old arbiter is told to have ended when that is known already',
    beginning: { settings: plain, oldArbiter: true },
    operations: [
      wait(1000),
      { op: 'old arbiter', is: 'gone unseen' },
      { op: 'refuse', failures: ['E2BIG'] },
      before,
      gone,
      wait(1000),
    ] satisfies readonly Operation[],
  })),
  ...[ready, failed, stalled, { tsunicorn: 'standby' } as const].map((message) => ({
    name: `${message.tsunicorn} of the worker of a reload`,
    beginning: still,
    operations: [wait(2000), deploy('hangs'), signals('SIGHUP'), wait(1000), say(message), wait(3000)],
  })),
  // In the states that only last for a moment.
  ...drawMessages(new Chance(0)).flatMap((message) => [
    {
      name: `${message.tsunicorn} of a worker that has failed`,
      beginning: still,
      operations: [
        wait(2000),
        deploy('hangs'),
        signals('SIGTTIN'),
        wait(1000),
        say(failed, message),
        wait(2000),
      ],
    },
    {
      name: `${message.tsunicorn} of a worker that was killed`,
      beginning: still,
      operations: [wait(2000), say(stalled), { ...say(message), who: 0.6 }, say(message), wait(2000)],
    },
    {
      name: `${message.tsunicorn} of a worker that opens its sockets`,
      beginning: { settings: { ...plain, workers: 1, spareWorkers: 1 }, oldArbiter: false },
      operations: [wait(2000), signals('SIGTTIN'), say(message), wait(2000)],
    },
  ]),
];
