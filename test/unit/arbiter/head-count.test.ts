import { describe, expect, it } from 'vitest';
import { HeadCount } from '../../../src/arbiter/head-count.ts';
import { Scaling } from '../../../src/arbiter/scaling.ts';
import type { Settings } from '../../../src/settings/catalogue/catalogue.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeLogger } from '../../support/fake-logger.ts';
import { loadedWith } from '../../support/fake-service.ts';

function headCount(settings: Partial<Settings>) {
  const log = new FakeLogger();
  const changes: string[] = [];
  const loaded = loadedWith(settings);
  const scaling =
    loaded.settings.workersMax === null ? {} : { scaling: new Scaling(loaded.settings, new FakeClock()) };
  const count = new HeadCount({
    first: loaded.settings.workers,
    log,
    current: () => ({ number: 1, loaded, hooks: {}, listeners: [], ...scaling }),
    changed: (now, before) => void changes.push(`${before} → ${now}`),
  });
  const said = () => log.lines.map(({ message }) => message).join('\n');
  return { count, said, changes };
}

describe('the number of workers', () => {
  it('is one at least, which is said', () => {
    const { count, said, changes } = headCount({ workers: 2 });
    count.want(0);
    expect(count.value).toBe(1);
    expect(changes).toEqual(['2 → 1']);
    expect(said()).toContain('The number of workers becomes 1: one is the minimum');
  });

  it('stays within --workers-min and --workers-max', () => {
    const { count, said } = headCount({ workers: 2, workersMin: 2, workersMax: 3 });
    count.want(5);
    expect(count.value).toBe(3);
    count.want(1);
    expect(count.value).toBe(2);
    expect(said()).toContain('becomes 3: workers-max is reached');
    expect(said()).toContain('becomes 2: workers-min is reached');
  });

  it('is told where it changes, and not where it stays', () => {
    const { count, changes } = headCount({ workers: 2 });
    count.want(2);
    count.set(3);
    expect(changes).toEqual(['2 → 3']);
  });

  it('cannot be changed where each slot has a socket of its own', () => {
    const { count, said } = headCount({ workers: 2, bind: ['unix:/run/{slot}'] });
    expect(count.isRefused()).toBe(true);
    expect(said()).toContain('change --workers and send HUP');
    expect(headCount({ workers: 2 }).count.isRefused()).toBe(false);
  });
});
