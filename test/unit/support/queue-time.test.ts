import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { queueMsOf } from '../../../src/support/queue-time.ts';
import { withTrust } from '../../../src/support/trusted-peers.ts';

const NOW = 1_764_536_400_500;

function waited(value: string, isTrusted = true): number | null {
  const rawHeaders = ['Host', 'x', 'X-Request-Start', value];
  const socket = withTrust(isTrusted);
  return queueMsOf({ rawHeaders, socket } as unknown as IncomingMessage, () => NOW);
}

describe('the queue time of a request', () => {
  it.each([
    ['1764536400.25', 250],
    ['t=1764536400.250', 250],
    ['1764536400250', 250],
    ['t=1764536400250', 250],
    ['1764536400250000', 250],
    ['t=1764536400250000000', 250],
    // The clock of the proxy is ahead.
    ['1764536401', 0],
  ])('is read from X-Request-Start: %s', (value, ms) => {
    expect(waited(value)).toBeCloseTo(ms, 0);
  });

  it.each(['', 't=', 'yesterday', '-5', '12', 't=0', '1e12', '1764536400250 ', '9'.repeat(30), '1700000000'])(
    'is not known where "%s" is no time of today',
    (value) => {
      expect(waited(value)).toBeNull();
    },
  );

  it('is taken from trusted peers only', () => {
    expect(waited('1764536400', true)).toBe(500);
    expect(waited('1764536400', false)).toBeNull();
  });
});
