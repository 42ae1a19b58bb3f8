import { describe, expect, it } from 'vitest';
import { Failure, STATUS } from '../../../../src/ctl/failure.ts';
import { parseHosts } from '../../../../src/ctl/roll/hosts.ts';
import { type RollOptions, rehearse, roll } from '../../../../src/ctl/roll/roll.ts';
import type { Told } from '../../../../src/ctl/roll/ssh.ts';

const SERVES = { phase: 'serving', generation: 1, workers: { wanted: 2, ready: 2 }, waits: [] };

/** The answer of a status in which so many requests took at most 5 ms, and so many of them failed. */
function status(ended: number, serverErrors = 0, more: object = {}): Told {
  const durations = [
    { withinSeconds: 0.005, count: ended },
    { withinSeconds: null, count: ended },
  ];
  const requests = { ended, serverErrors, died: 0, durations, inFlight: 0 };
  return { status: 0, answer: { ...SERVES, requests, ...more }, complaint: '' };
}

const DONE: Told = { status: 0, answer: { outcome: 'ready', generation: 2 }, complaint: '' };

/** What each host says, one thing after the other; the last again and again. */
type Script = Readonly<Record<string, readonly (Told | Error | (() => Told))[]>>;

function rolling(script: Script, options: Partial<RollOptions> = {}) {
  const asked: string[] = [];
  const notes: string[] = [];
  const left = new Map(Object.entries(script).map(([name, all]) => [name, [...all]]));
  let nowMs = 0;
  const interrupt = new AbortController();
  const all: RollOptions = {
    hosts: parseHosts('hosts.txt', Object.keys(script).join('\n')),
    change: ['reload', '--wait'],
    thresholds: { errorRate: 0.01, p99Ms: 1000 },
    windowMs: 2500,
    timeoutMs: 5000,
    signal: interrupt.signal,
    note: (text) => void notes.push(text),
    async pause(ms, signal) {
      signal.throwIfAborted();
      nowMs += ms;
    },
    nowMs: () => nowMs,
    async run({ name }, words, { signal }) {
      signal.throwIfAborted();
      asked.push(`${name} ${words.join(' ')}`);
      const told = left.get(name) ?? [];
      const next = (told.length > 1 ? told.shift() : told[0]) ?? new Error('nothing is said');
      if (next instanceof Error) throw next;
      return typeof next === 'function' ? next() : next;
    },
    ...options,
  };
  return { options: all, asked, notes, interrupt };
}

describe('a roll', () => {
  it('changes one host, watches it, and goes on to the next', async () => {
    const { options, asked, notes } = rolling({
      web1: [status(10), DONE, status(20), status(50), status(80), status(120, 1)],
      web2: [status(0), DONE, status(0)],
    });
    const { outcome, status: exit, rows } = await roll(options);
    expect([outcome, exit]).toEqual(['done', 0]);
    expect(rows).toMatchObject([
      { state: 'done', measured: { requests: 100, errorRate: 0.01 }, reason: null },
      { state: 'done', measured: { requests: 0, errorRate: null }, reason: null },
    ]);
    expect(asked.map((words) => words.replace(/ --wait/, ''))).toEqual([
      ...['web1 status', 'web1 reload', ...Array(4).fill('web1 status')],
      ...['web2 status', 'web2 reload', ...Array(4).fill('web2 status')],
    ]);
    expect(notes).toEqual([
      ...['web1: 1 of 2', 'web1: 100 requests in 2.5 s, 1% failed, p99 4.9ms'],
      ...['web2: 2 of 2', 'web2: no request in 2.5 s; it was seen to serve'],
    ]);
  });

  it('waits until all workers serve', async () => {
    const half = status(0, 0, { workers: { wanted: 2, ready: 1 } });
    const { options } = rolling({ web1: [status(0), DONE, half, half, status(0)] });
    expect(await roll(options)).toMatchObject({ outcome: 'done' });
  });

  const WEB2 = { host: { name: 'web2' }, state: 'untouched', reason: null };

  it.each<[string, Script['web1'], number, object]>([
    [
      'answers with too many errors',
      [status(0), DONE, status(0), status(10, 1)],
      STATUS.critical,
      { state: 'unhealthy', reason: '10% of its requests failed, more than 1% (--max-error-rate)' },
    ],
    [
      'does not serve before',
      [status(0, 0, { workers: { wanted: 2, ready: 0 }, waits: ['no worker boots'] })],
      STATUS.critical,
      { state: 'untouched', reason: 'it does not serve, and nothing was changed there: no worker boots' },
    ],
    [
      'does not serve afterwards',
      [status(0), DONE, status(0, 0, { phase: 'draining' })],
      STATUS.timedOut,
      { state: 'unhealthy', reason: 'it does not serve: 2 of 2 workers are ready (draining)' },
    ],
    [
      'does not serve at the end of its window',
      [status(0), DONE, status(0), status(0), status(0), status(0, 0, { workers: { wanted: 2, ready: 1 } })],
      STATUS.critical,
      { state: 'unhealthy', reason: 'it does not serve: 1 of 2 workers are ready (serving)' },
    ],
    [
      'undoes its reload',
      [status(0), { status: 4, answer: { outcome: 'undone', reason: 'no luck' }, complaint: 'undone' }],
      STATUS.undone,
      { state: 'undone', reason: 'undone, what served before keeps serving: no luck' },
    ],
    [
      'refuses its reload',
      [status(0), { status: 1, answer: null, complaint: 'tsunicornctl: workers: expected' }],
      STATUS.refused,
      { state: 'undone', reason: 'refused, nothing was changed there: tsunicornctl: workers: expected' },
    ],
    [
      'whose tsunicornctl crashes',
      [status(0), { status: 1, answer: null, complaint: 'Node.js v26.10.0' }],
      STATUS.noService,
      {
        state: 'unknown',
        reason: 'its tsunicornctl ended with status 1; the change may go on there: Node.js v26.10.0',
      },
    ],
    [
      'is not done in time',
      [status(0), { status: 5, answer: { outcome: 'timeout' }, complaint: '' }],
      STATUS.timedOut,
      { state: 'unknown', reason: 'not done in time; it goes on there' },
    ],
    [
      'is lost while it reloads',
      [status(0), new Failure(STATUS.noService, 'it cannot be reached: no route')],
      STATUS.noService,
      { state: 'unknown', reason: 'it cannot be reached: no route' },
    ],
    [
      'is lost in its window',
      [status(0), DONE, status(0), new Failure(STATUS.noService, 'it cannot be reached: no route')],
      STATUS.noService,
      { state: 'changed', reason: 'it cannot be reached: no route' },
    ],
    [
      'has no service',
      [{ status: 3, answer: null, complaint: 'tsunicornctl: no service of this user' }],
      STATUS.noService,
      { state: 'untouched', reason: 'tsunicornctl: no service of this user' },
    ],
  ])('stops at a host that %s', async (_title, said, exit, row) => {
    const { options, asked } = rolling({ web1: said ?? [], web2: [status(0)] });
    expect(await roll(options)).toMatchObject({ outcome: 'stopped', status: exit, rows: [row, WEB2] });
    expect(asked.filter((words) => words.startsWith('web2'))).toEqual([]);
  });

  it('goes on where an older arbiter does not say how requests came out', async () => {
    const old = { status: 0, answer: { ...SERVES, requests: { ended: 5, inFlight: 0 } }, complaint: '' };
    const { options, notes } = rolling({ web1: [old, DONE, old] });
    expect(await roll(options)).toMatchObject({ outcome: 'done', rows: [{ measured: null }] });
    expect(notes.at(-1)).toBe('web1: requests are not counted there; it was seen to serve in 2.5 s');
  });

  it('that is interrupted says how it is with each host', async () => {
    const script: Script = { web1: [status(0), DONE, status(0)], web2: [status(0)], web3: [status(0)] };
    const { options, interrupt } = rolling(script);
    let changes = 0;
    const run: RollOptions['run'] = (host, words, more) => {
      if (words[0] === 'reload' && ++changes === 2) interrupt.abort();
      return options.run(host, words, more);
    };
    expect(await roll({ ...options, run })).toMatchObject({
      ...{ outcome: 'interrupted', status: 130 },
      rows: [
        { state: 'done' },
        { state: 'unknown', reason: 'its change goes on; tsunicornctl status there says how it comes out' },
        { state: 'untouched', reason: null },
      ],
    });
  });
});

describe('a rehearsal', () => {
  it('asks every host, changes none, and has the status of the first that does not serve', async () => {
    const { options, asked } = rolling({
      web1: [status(0)],
      web2: [new Failure(STATUS.noService, 'it cannot be reached: no route')],
      web3: [status(0, 0, { phase: 'stopping' })],
    });
    expect(await rehearse(options)).toMatchObject({
      ...{ outcome: 'stopped', status: 3 },
      rows: [{ reason: null, generation: 1 }, { reason: /no route/ }, { reason: /does not serve/ }].map(
        ({ reason, ...row }) => ({
          ...row,
          state: 'untouched',
          reason: reason && expect.stringMatching(reason),
        }),
      ),
    });
    expect(asked).toEqual(['web1 status', 'web2 status', 'web3 status']);
  });
});
