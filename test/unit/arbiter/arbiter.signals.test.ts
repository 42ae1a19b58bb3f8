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

const STOPS = 'refused, nothing was changed: this arbiter is stopping';
const STARTS = 'refused, nothing was changed: no worker has been ready yet';
const both = (state: string) => [`1 ${state}`, `2 ${state}`];
const canary = (...before: string[]) => [...before, `${before.length + 1} spawning (generation 2)`];
const lines = (...all: string[]) => all;
const nothing = lines();

interface Case {
  /** What is logged beyond the line that the signal came. */
  readonly lines: readonly string[];
  /** How the workers are then. */
  readonly done: readonly string[];
  /** What a worker is told, and who that is; the first one where nothing says otherwise. */
  readonly told?: readonly string[];
  readonly age?: number;
}

/** Every signal in every intent. Where a case says nothing but that the signal came, that it is done is plain to see. */
const CASES: Readonly<Record<ArbiterSignal, Readonly<Record<Intent, Case>>>> = {
  SIGTERM: {
    starting: { lines: nothing, done: both('cancelled'), told: ['retire'] },
    serving: { lines: nothing, done: both('retiring'), told: ['retire'] },
    resting: { lines: nothing, done: both('retiring'), told: ['retire'] },
    lingering: {
      lines: ['The wait is cut short (--drain-delay): the workers finish their requests'],
      done: both('retiring'),
      told: ['retire'],
    },
    stopping: {
      lines: ['The stop is hastened: the workers exit at once'],
      done: both('retiring'),
      told: ['quit'],
    },
    quitting: { lines: ['The stop is hastened: the workers are killed'], done: both('killed') },
  },
  SIGINT: {
    starting: { lines: nothing, done: both('retiring'), told: ['quit'] },
    serving: { lines: nothing, done: both('retiring'), told: ['quit'] },
    resting: { lines: nothing, done: both('retiring'), told: ['quit'] },
    lingering: {
      lines: ['The wait is cut short (--drain-delay): the workers exit at once'],
      done: both('retiring'),
      told: ['quit'],
    },
    stopping: {
      lines: ['The stop is hastened: the workers exit at once'],
      done: both('retiring'),
      told: ['quit'],
    },
    quitting: { lines: ['The stop is hastened: the workers are killed'], done: both('killed') },
  },
  SIGQUIT: {
    starting: { lines: nothing, done: both('retiring'), told: ['quit'] },
    serving: { lines: nothing, done: both('retiring'), told: ['quit'] },
    resting: { lines: nothing, done: both('retiring'), told: ['quit'] },
    lingering: {
      lines: ['The wait is cut short (--drain-delay): the workers exit at once'],
      done: both('retiring'),
      told: ['quit'],
    },
    stopping: {
      lines: ['The stop is hastened: the workers exit at once'],
      done: both('retiring'),
      told: ['quit'],
    },
    quitting: { lines: ['The stop is hastened: the workers are killed'], done: both('killed') },
  },
  SIGHUP: {
    starting: { lines: nothing, done: canary(...both('spawning')) },
    serving: { lines: nothing, done: canary(...both('ready')) },
    resting: {
      lines: ['Starting workers again: the service reloads'],
      done: canary(...both('retiring'), '3 spawning', '4 spawning'),
    },
    lingering: { lines: [`HUP ${STOPS}`], done: both('ready') },
    stopping: { lines: [`HUP ${STOPS}`], done: both('retiring') },
    quitting: { lines: [`HUP ${STOPS}`], done: both('retiring') },
  },
  SIGTTIN: {
    starting: { lines: nothing, done: [...both('spawning'), '3 spawning'] },
    serving: { lines: nothing, done: [...both('ready'), '3 spawning'] },
    resting: {
      lines: [
        'Starting workers again: a worker is wanted',
        expect.stringMatching(/^More workers are retiring/),
      ],
      done: [...both('retiring'), '3 spawning'],
      told: ['retire'],
    },
    lingering: { lines: [`TTIN ${STOPS}`], done: both('ready') },
    stopping: { lines: [`TTIN ${STOPS}`], done: both('retiring') },
    quitting: { lines: [`TTIN ${STOPS}`], done: both('retiring') },
  },
  SIGTTOU: {
    starting: { lines: nothing, done: ['1 spawning', '2 cancelled'] },
    serving: { lines: nothing, done: ['1 ready', '2 retiring'], told: ['retire'], age: 2 },
    resting: {
      lines: ['The workers have retired (WINCH); the next HUP starts 1'],
      done: both('retiring'),
    },
    lingering: { lines: [`TTOU ${STOPS}`], done: both('ready') },
    stopping: { lines: [`TTOU ${STOPS}`], done: both('retiring') },
    quitting: { lines: [`TTOU ${STOPS}`], done: both('retiring') },
  },
  SIGUSR1: {
    starting: { lines: nothing, done: both('spawning'), told: ['reopenLogs'] },
    serving: { lines: nothing, done: both('ready'), told: ['reopenLogs'] },
    resting: { lines: nothing, done: both('retiring'), told: ['reopenLogs'] },
    lingering: { lines: nothing, done: both('ready'), told: ['reopenLogs'] },
    stopping: { lines: nothing, done: both('retiring'), told: ['reopenLogs'] },
    quitting: { lines: nothing, done: both('retiring'), told: ['reopenLogs'] },
  },
  SIGUSR2: {
    starting: { lines: [`USR2 ${STARTS}`], done: both('spawning') },
    // That the new arbiter starts is logged once it is a process.
    serving: { lines: nothing, done: both('ready') },
    resting: { lines: nothing, done: both('retiring') },
    lingering: { lines: [`USR2 ${STOPS}`], done: both('ready') },
    stopping: { lines: [`USR2 ${STOPS}`], done: both('retiring') },
    quitting: { lines: [`USR2 ${STOPS}`], done: both('retiring') },
  },
  SIGWINCH: {
    starting: { lines: [`WINCH ${STARTS}`], done: both('spawning') },
    serving: {
      lines: ['The workers retire and the sockets stay open; send HUP or TTIN to start workers again'],
      done: both('retiring'),
      told: ['retire'],
    },
    resting: {
      lines: ['WINCH refused, nothing was changed: the workers have already retired'],
      done: both('retiring'),
    },
    lingering: { lines: [`WINCH ${STOPS}`], done: both('ready') },
    stopping: { lines: [`WINCH ${STOPS}`], done: both('retiring') },
    quitting: { lines: [`WINCH ${STOPS}`], done: both('retiring') },
  },
};

const SIGNALS = Object.keys(CASES) as ArbiterSignal[];

describe.each(SIGNALS)('%s', (signal) => {
  it.each(Object.keys(INTENTS) as Intent[])(
    'is answered by the truth while the arbiter is %s',
    async (intent) => {
      const service = await INTENTS[intent]();
      const before = service.log.lines.length;
      const { lines, done, told = [], age = 1 } = CASES[signal][intent];
      const toldBefore = service.worker(age).told.length;
      await service.signal(signal);
      const came = `Handling signal: ${signal.slice(3).toLowerCase()}`;
      const logged = service.log.lines.slice(before).filter(({ level }) => level !== 'debug');
      expect(logged.map(({ message }) => message)).toEqual([came, ...lines]);
      expect(service.states).toEqual(done);
      expect(service.worker(age).told.slice(toldBefore)).toEqual(told);
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
        service.log.matching(/The current reload is cancelled: the (service stops|workers retire)/),
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
  expect(service.log.matching(/The number of workers stays 1: one is the minimum/)).toHaveLength(1);
});
