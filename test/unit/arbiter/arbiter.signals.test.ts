import { describe, expect, it } from 'vitest';
import type { ArbiterSignal } from '../../../src/arbiter/events.ts';
import { type FakeService, serveReady, startService } from '../../support/fake-service.ts';

type Intent = 'starting' | 'serving' | 'resting' | 'lingering' | 'stopping' | 'quitting';

/** A service of two workers about each of the things that an arbiter can be about. */
const INTENTS: Readonly<Record<Intent, () => Promise<FakeService>>> = {
  starting: () => startService(),
  serving: () => serveReady(),
  resting: () => after('SIGWINCH'),
  lingering: () => after('SIGTERM', { drainDelay: 10 }),
  stopping: () => after('SIGTERM'),
  quitting: () => after('SIGQUIT'),
};

async function after(signal: ArbiterSignal, settings = {}): Promise<FakeService> {
  const service = await serveReady({ settings });
  await service.signal(signal);
  return service;
}

const STOPS = 'refused, nothing was changed: this arbiter stops';
const STARTS = 'refused, nothing was changed: no worker has been ready yet';
const both = (state: string) => [`1 ${state}`, `2 ${state}`];
const canary = (...before: string[]) => [...before, `${before.length + 1} spawning (generation 2)`];
const lines = (...all: string[]) => all;
const nothing = lines();

interface Case {
  /** What is logged beyond the line that the signal came. */
  readonly said: readonly string[];
  /** How the workers are then. */
  readonly done: readonly string[];
  /** What the first worker is told. */
  readonly told?: readonly string[];
}

/** Every signal in every intent. Where a case says nothing but that the signal came, that it is done is plain to see. */
const CASES: Readonly<Record<ArbiterSignal, Readonly<Record<Intent, Case>>>> = {
  SIGTERM: {
    starting: { said: nothing, done: both('cancelled'), told: ['retire'] },
    serving: { said: nothing, done: both('retiring'), told: ['retire'] },
    resting: { said: nothing, done: both('retiring'), told: ['retire'] },
    lingering: {
      said: ['The wait is cut short (--drain-delay): the workers finish their requests'],
      done: both('retiring'),
      told: ['retire'],
    },
    stopping: {
      said: ['The stop is hastened: the workers end at once'],
      done: both('retiring'),
      told: ['quit'],
    },
    quitting: { said: ['The stop is hastened: the workers are killed'], done: both('killed') },
  },
  SIGINT: {
    starting: { said: nothing, done: both('retiring'), told: ['quit'] },
    serving: { said: nothing, done: both('retiring'), told: ['quit'] },
    resting: { said: nothing, done: both('retiring'), told: ['quit'] },
    lingering: {
      said: ['The wait is cut short (--drain-delay): the workers end at once'],
      done: both('retiring'),
      told: ['quit'],
    },
    stopping: {
      said: ['The stop is hastened: the workers end at once'],
      done: both('retiring'),
      told: ['quit'],
    },
    quitting: { said: ['The stop is hastened: the workers are killed'], done: both('killed') },
  },
  SIGQUIT: {
    starting: { said: nothing, done: both('retiring'), told: ['quit'] },
    serving: { said: nothing, done: both('retiring'), told: ['quit'] },
    resting: { said: nothing, done: both('retiring'), told: ['quit'] },
    lingering: {
      said: ['The wait is cut short (--drain-delay): the workers end at once'],
      done: both('retiring'),
      told: ['quit'],
    },
    stopping: {
      said: ['The stop is hastened: the workers end at once'],
      done: both('retiring'),
      told: ['quit'],
    },
    quitting: { said: ['The stop is hastened: the workers are killed'], done: both('killed') },
  },
  SIGHUP: {
    starting: { said: nothing, done: canary(...both('spawning')) },
    serving: { said: nothing, done: canary(...both('ready')) },
    resting: {
      said: ['Bringing the workers back: the service reloads'],
      done: canary(...both('retiring'), '3 spawning', '4 spawning'),
    },
    lingering: { said: [`HUP ${STOPS}`], done: both('ready') },
    stopping: { said: [`HUP ${STOPS}`], done: both('retiring') },
    quitting: { said: [`HUP ${STOPS}`], done: both('retiring') },
  },
  SIGTTIN: {
    starting: { said: nothing, done: [...both('spawning'), '3 spawning'] },
    serving: { said: nothing, done: [...both('ready'), '3 spawning'] },
    resting: {
      said: ['Bringing the workers back: a worker is wanted', expect.stringMatching(/^More workers retire/)],
      done: [...both('retiring'), '3 spawning'],
      told: ['retire'],
    },
    lingering: { said: [`TTIN ${STOPS}`], done: both('ready') },
    stopping: { said: [`TTIN ${STOPS}`], done: both('retiring') },
    quitting: { said: [`TTIN ${STOPS}`], done: both('retiring') },
  },
  SIGTTOU: {
    starting: { said: nothing, done: ['1 spawning', '2 cancelled'] },
    serving: { said: nothing, done: ['1 retiring', '2 ready'], told: ['retire'] },
    resting: {
      said: ['The arbiter rests: once it is brought back, the number of workers is 1'],
      done: both('retiring'),
    },
    lingering: { said: [`TTOU ${STOPS}`], done: both('ready') },
    stopping: { said: [`TTOU ${STOPS}`], done: both('retiring') },
    quitting: { said: [`TTOU ${STOPS}`], done: both('retiring') },
  },
  SIGUSR1: {
    starting: { said: nothing, done: both('spawning'), told: ['reopenLogs'] },
    serving: { said: nothing, done: both('ready'), told: ['reopenLogs'] },
    resting: { said: nothing, done: both('retiring'), told: ['reopenLogs'] },
    lingering: { said: nothing, done: both('ready'), told: ['reopenLogs'] },
    stopping: { said: nothing, done: both('retiring'), told: ['reopenLogs'] },
    quitting: { said: nothing, done: both('retiring'), told: ['reopenLogs'] },
  },
  SIGUSR2: {
    starting: { said: [`USR2 ${STARTS}`], done: both('spawning') },
    // That the new arbiter starts is logged once it is a process.
    serving: { said: nothing, done: both('ready') },
    resting: { said: nothing, done: both('retiring') },
    lingering: { said: [`USR2 ${STOPS}`], done: both('ready') },
    stopping: { said: [`USR2 ${STOPS}`], done: both('retiring') },
    quitting: { said: [`USR2 ${STOPS}`], done: both('retiring') },
  },
  SIGWINCH: {
    starting: { said: [`WINCH ${STARTS}`], done: both('spawning') },
    serving: {
      said: ['The workers retire and the sockets stay; HUP or TTIN brings workers back'],
      done: both('retiring'),
      told: ['retire'],
    },
    resting: {
      said: ['WINCH refused, nothing was changed: the workers are resting already'],
      done: both('retiring'),
    },
    lingering: { said: [`WINCH ${STOPS}`], done: both('ready') },
    stopping: { said: [`WINCH ${STOPS}`], done: both('retiring') },
    quitting: { said: [`WINCH ${STOPS}`], done: both('retiring') },
  },
};

const SIGNALS = Object.keys(CASES) as ArbiterSignal[];

describe.each(SIGNALS)('%s', (signal) => {
  it.each(Object.keys(INTENTS) as Intent[])(
    'is answered by the truth while the arbiter is %s',
    async (intent) => {
      const service = await INTENTS[intent]();
      const before = service.log.lines.length;
      const toldBefore = service.worker(1).told.length;
      await service.signal(signal);
      const { said, done, told = [] } = CASES[signal][intent];
      const came = `Handling signal: ${signal.slice(3).toLowerCase()}`;
      const logged = service.log.lines.slice(before).filter(({ level }) => level !== 'debug');
      expect(logged.map(({ message }) => message)).toEqual([came, ...said]);
      expect(service.states).toEqual(done);
      expect(service.worker(1).told.slice(toldBefore)).toEqual(told);
    },
  );
});

describe('a signal that stops, or rests', () => {
  it.each(['SIGTERM', 'SIGQUIT', 'SIGWINCH'] as const)(
    'says that %s drops the reload under way',
    async (signal) => {
      const service = await serveReady();
      await service.signal('SIGHUP');
      await service.signal(signal);
      expect(
        service.log.matching(/The reload under way is dropped: the (service stops|workers rest)/),
      ).toHaveLength(1);
    },
  );

  it('tells the end of the drain delay from what cuts it short', async () => {
    const service = await INTENTS.lingering();
    await service.serveFor(10_000);
    expect(service.log.matching(/The wait is over \(--drain-delay\): the workers finish/)).toHaveLength(1);
  });
});

it('TTOU says that one worker is the least', async () => {
  const service = await serveReady({ settings: { workers: 1 } });
  await service.signal('SIGTTOU');
  expect(service.log.matching(/The number of workers stays 1: at least one is needed/)).toHaveLength(1);
});
