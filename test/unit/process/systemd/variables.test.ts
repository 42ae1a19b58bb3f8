import { expect, it } from 'vitest';
import { takeVariables } from '../../../../src/process/systemd/variables.ts';

it('takes what systemd says to this process out of the environment, and nothing else', () => {
  const env = { PATH: '/bin', LISTEN_FDS: '1', LISTEN_PID: '7', NOTIFY_SOCKET: '/n', WATCHDOG_USEC: '5' };
  expect(takeVariables(env)).toEqual({
    LISTEN_FDS: '1',
    LISTEN_PID: '7',
    NOTIFY_SOCKET: '/n',
    WATCHDOG_USEC: '5',
  });
  expect(env).toEqual({ PATH: '/bin' });
});
