import { describe, expect, it } from 'vitest';
import { isServing, PARENT_VARIABLE, takeParent } from '../../../src/process/parent.ts';

const parent = {
  kind: 'arbiter',
  pid: 5,
  sockets: [],
  workerCount: { count: 3, setting: 1, followsLoad: false },
};

describe('the parent', () => {
  it('is taken out of the environment', () => {
    const env = { [PARENT_VARIABLE]: JSON.stringify(parent), OTHER: 'x' };
    expect(takeParent(env)).toEqual(parent);
    expect(env).toEqual({ OTHER: 'x' });
  });

  it.each([undefined, null, 3, { count: '3', setting: 1, followsLoad: false }])(
    'may not say how many workers it had (%j)',
    (workerCount) => {
      const env = { [PARENT_VARIABLE]: JSON.stringify({ ...parent, workerCount }) };
      expect(takeParent(env)).toEqual({ ...parent, workerCount: null });
    },
  );

  it('hands over what systemd gave it', () => {
    const ours = { [PARENT_VARIABLE]: JSON.stringify(parent), LISTEN_FDS: '1' };
    const env = { ...ours, LISTEN_PID: '5', WATCHDOG_PID: '5' };
    takeParent(env);
    const pid = `${process.pid}`;
    expect(env).toEqual({ LISTEN_FDS: '1', LISTEN_PID: pid, WATCHDOG_PID: pid });
  });

  it.each(['{', '{}', '[]', 'null', '{"kind":"arbiter","pid":"5","sockets":[]}'])(
    'is not there where the variable has %s',
    (text) => {
      const env = { [PARENT_VARIABLE]: text, LISTEN_PID: '5' };
      expect(takeParent(env)).toBeNull();
      expect(env).toEqual({ LISTEN_PID: '5' });
    },
  );

  it('is not there where nobody says so', () => {
    expect(takeParent({})).toBeNull();
  });

  it('tells our messages from others', () => {
    expect(
      [
        { tsunicorn: 'serving', adopted: [0] },
        { tsunicorn: 'serving' },
        'ready',
        null,
        { tsunicorn: 'hello' },
      ].map(isServing),
    ).toEqual([true, false, false, false, false]);
  });
});
