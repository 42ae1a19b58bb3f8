import { describe, expect, it } from 'vitest';
import { type Intent, type StopMode, stopMode } from '../../../../src/arbiter/change/shutdown.ts';

const stopping = (mode: StopMode): Intent => ({ name: 'stopping', mode, exitStatus: 0 });

describe('a stop signal', () => {
  it.each([{ name: 'starting' }, { name: 'serving' }] as const)('asks by its kind while $name', (intent) => {
    expect(stopMode('SIGTERM', intent)).toBe('graceful');
    expect(stopMode('SIGINT', intent)).toBe('quick');
    expect(stopMode('SIGQUIT', intent)).toBe('quick');
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)('hastens a stop under way: %s', (signal) => {
    expect(stopMode(signal, stopping('graceful'))).toBe('quick');
    expect(stopMode(signal, stopping('quick'))).toBe('forced');
    expect(stopMode(signal, stopping('forced'))).toBe('forced');
  });
});
