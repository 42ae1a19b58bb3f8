import { describe, expect, it } from 'vitest';
import { withoutAdded } from '../../../../src/settings/sources/added-environment.ts';

describe('the environment without what was added to it', () => {
  it('has those variables as they were before, and not those that were not there', () => {
    const before = { PATH: '/bin', MODE: 'shell' };
    const added = { MODE: 'file', NEW: 'x' };
    expect(withoutAdded({ ...before, ...added }, added, before)).toEqual(before);
  });

  it('keeps what others have changed since', () => {
    expect(withoutAdded({ PATH: '/usr/bin', HOOK: 'set', NEW: 'x' }, { NEW: 'x' }, { PATH: '/bin' })).toEqual(
      { PATH: '/usr/bin', HOOK: 'set' },
    );
  });
});
