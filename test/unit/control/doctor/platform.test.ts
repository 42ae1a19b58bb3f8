import { expect, it } from 'vitest';
import { clock, secondsOf, unitOf } from '../../../../src/control/doctor/platform.ts';

it('the unit of a control group is found, also of one user', () => {
  expect(unitOf('0::/system.slice/shop.service\n')).toBe('shop.service');
  expect(unitOf('1:name=systemd:/user.slice/user@7.service/app.slice/shop@eu.service/x\n')).toBe(
    'shop@eu.service',
  );
  expect(unitOf('0::/user.slice/session-3.scope\n')).toBe(null);
  expect(unitOf('')).toBe(null);
});

it.each([
  ['1min 30s\n', 90],
  ['500ms', 0.5],
  ['2h', 7200],
  ['infinity\n', Infinity],
  ['', null],
])('systemd says %j, which is %j s', (text, seconds) => expect(secondsOf(text)).toBe(seconds));

it.each([
  [0, 'fine', /not set/],
  [3_600_000, 'notice', /forward by 3600 s/],
  [-90_000, 'notice', /back by 90 s/],
])('a clock that is %i ms ahead of time is told', (jumpMs, severity, message) => {
  const nowMs = performance.timeOrigin + performance.now() + jumpMs;
  const [finding] = clock({ nowMs } as Parameters<typeof clock>[0]);
  expect(finding).toMatchObject({ severity, message: expect.stringMatching(message) });
});
