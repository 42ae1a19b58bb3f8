import { describe, expect, it } from 'vitest';
import { hasWaitedTooLong, judge, limitsOf } from '../../../../../workers/classes/thread/time-limits.ts';

const off = { timeout: 0, requestTimeout: 0, stallWarning: 0 };
const exchange = { cameMs: 0, movedMs: 1000, waitsForClient: false, isRefused: false };

describe('the time limits of a request', () => {
  it('looks as often as the shortest limit needs, and never where there is none', () => {
    expect(limitsOf({ ...off, timeout: 30 }).everyMs).toBe(500);
    expect(limitsOf({ ...off, timeout: 30, requestTimeout: 1 }).everyMs).toBe(50);
    expect(limitsOf({ ...off, timeout: 30, stallWarning: 1 }).everyMs).toBe(250);
    expect(limitsOf({ ...off, stallWarning: 1 }).everyMs).toBe(250);
    expect(limitsOf(off).everyMs).toBe(0);
  });

  it('warns of a blocked thread unless that is ended as soon', () => {
    expect(limitsOf({ ...off, timeout: 30, stallWarning: 1 }).warnMs).toBe(1000);
    expect(limitsOf({ ...off, stallWarning: 1 }).warnMs).toBe(1000);
    expect(limitsOf({ ...off, timeout: 1, stallWarning: 1 }).warnMs).toBe(Infinity);
    expect(limitsOf({ ...off, timeout: 30 }).warnMs).toBe(Infinity);
  });

  it('counts the timeout from when a part of a body last moved', () => {
    const limits = limitsOf({ ...off, timeout: 2 });
    expect(judge(limits, exchange, 2900)).toBe('fine');
    expect(judge(limits, exchange, 3100)).toBe('handler is too slow');
  });

  it('blames the client where it is the one to go on', () => {
    const limits = limitsOf({ ...off, timeout: 2 });
    expect(judge(limits, { ...exchange, waitsForClient: true }, 3100)).toBe('client is too slow');
  });

  it('counts the request timeout from when the request came', () => {
    const limits = limitsOf({ ...off, requestTimeout: 2 });
    expect(judge(limits, exchange, 1900)).toBe('fine');
    expect(judge(limits, exchange, 2100)).toBe('handler is too slow');
    expect(judge(limits, { ...exchange, waitsForClient: true }, 2100)).toBe('client is too slow');
  });

  it('gives the handler of a client that was given up the same time again', () => {
    const limits = limitsOf({ ...off, requestTimeout: 2 });
    const refused = { ...exchange, movedMs: 2100, isRefused: true };
    expect(judge(limits, refused, 4000)).toBe('fine');
    expect(judge(limits, refused, 4200)).toBe('handler is too slow');
  });

  it('lets a request wait for a thread as long as it might run', () => {
    expect(hasWaitedTooLong(limitsOf({ ...off, timeout: 2 }), 0, 2100)).toBe(true);
    expect(hasWaitedTooLong(limitsOf({ ...off, timeout: 2, requestTimeout: 3 }), 0, 2100)).toBe(false);
    expect(hasWaitedTooLong(limitsOf(off), 0, 1e9)).toBe(false);
  });
});
