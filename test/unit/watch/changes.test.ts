import { describe, expect, it } from 'vitest';
import { Changes } from '../../../src/watch/changes.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function gather() {
  const clock = new FakeClock();
  const told: (readonly string[])[] = [];
  return { clock, told, changes: new Changes(clock, (files) => told.push(files)) };
}

describe('changes', () => {
  it('are told together once nothing has changed for 50 ms', async () => {
    const { clock, told, changes } = gather();
    changes.add('a');
    await clock.advance(40);
    changes.add('b');
    await clock.advance(40);
    changes.add('a');
    await clock.advance(49);
    expect(told).toEqual([]);
    await clock.advance(1);
    expect(told).toEqual([['a', 'b']]);
  });

  it('are told anew after that', async () => {
    const { clock, told, changes } = gather();
    changes.add('a');
    await clock.advance(50);
    changes.add('b');
    await clock.advance(50);
    expect(told).toEqual([['a'], ['b']]);
  });

  it('are told no more once it is closed', async () => {
    const { clock, told, changes } = gather();
    changes.add('a');
    changes.close();
    await clock.advance(100);
    expect(told).toEqual([]);
  });
});
