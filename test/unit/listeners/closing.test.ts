import { describe, expect, it } from 'vitest';
import { closing } from '../../../src/listeners/closing.ts';

function counted() {
  let closed = 0;
  const end = closing(() => {
    closed++;
  });
  return { end, closed: () => closed };
}

describe('the end of a socket', () => {
  it('comes once, however often it is asked for', () => {
    const { end, closed } = counted();
    end.close();
    end.close();
    end.setShared(true);
    end.setShared(false);
    expect(closed()).toBe(1);
  });

  it('waits until nobody else uses it', () => {
    const { end, closed } = counted();
    end.setShared(true);
    end.close();
    expect([closed(), end.isShared()]).toEqual([0, true]);
    end.setShared(false);
    expect([closed(), end.isShared()]).toEqual([1, false]);
  });

  it('does not come of itself when nobody else uses it any more', () => {
    const { end, closed } = counted();
    end.setShared(true);
    end.setShared(false);
    expect([closed(), end.isShared()]).toEqual([0, false]);
    end.close();
    expect(closed()).toBe(1);
  });
});
