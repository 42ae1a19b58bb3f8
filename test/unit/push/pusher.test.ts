import { describe, expect, it } from 'vitest';
import { placeFor } from '../../../src/metrics/layout.ts';
import type { ArbiterRole, ServiceStatus } from '../../../src/process/status.ts';
import type { Picture, Target } from '../../../src/push/picture.ts';
import { Pusher } from '../../../src/push/pusher.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const statusOf = (role: ArbiterRole) => ({ role }) as ServiceStatus;

function pushing(lost = 0) {
  const clock = new FakeClock();
  const seen: string[] = [];
  const target: Target = {
    name: 'statsd',
    begin: ({ status }: Picture) => void seen.push(`begin ${status.role}`),
    push: ({ status }: Picture) => {
      seen.push(`push ${status.role}`);
      return Promise.resolve(lost);
    },
    close: () => void seen.push('close'),
  };
  const added = new Map<number, number>();
  const counters = {
    totals: () => ({}),
    measured: { totals: () => ({}) },
    add: (at: number, amount: number) => void added.set(at, (added.get(at) ?? 0) + amount),
    publish: () => {},
  };
  const options = { clock, counters, targets: [target] } as unknown as ConstructorParameters<
    typeof Pusher
  >[0];
  return { pusher: new Pusher(options), clock, seen, added };
}

describe('figures are sent', () => {
  it('every few seconds, and at the end', async () => {
    const { pusher, clock, seen } = pushing();
    await clock.advance(5000);
    pusher.observe(statusOf('only'));
    await clock.advance(10_000);
    await pusher.close();
    await clock.advance(10_000);
    expect(seen).toEqual(['begin only', 'push only', 'push only', 'push only', 'close']);
  });

  it('by the old arbiter of an upgrade, and by the new one from when it is alone', async () => {
    const { pusher, clock, seen } = pushing();
    pusher.observe(statusOf('new'));
    await clock.advance(5000);
    pusher.observe(statusOf('only'));
    await clock.advance(5000);
    pusher.observe(statusOf('old'));
    await clock.advance(5000);
    expect(seen).toEqual(['begin only', 'push only', 'push old']);
  });

  it('and what is lost is counted', async () => {
    const { pusher, added } = pushing(2);
    pusher.observe(statusOf('only'));
    await pusher.close();
    expect([...added]).toEqual([[placeFor('tsunicorn_push_failures_total', 'statsd'), 2]]);
  });
});
