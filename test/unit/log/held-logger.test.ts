import { describe, expect, it } from 'vitest';
import { holdFirstLines } from '../../../src/log/held-logger.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeLogger } from '../../support/fake-logger.ts';

function held() {
  const inner = new FakeLogger();
  const clock = new FakeClock();
  const log = holdFirstLines(inner, 100, clock);
  return { inner, clock, log, written: () => inner.lines.map(({ message }) => message) };
}

describe('the first lines', () => {
  it('are held, then written in order, and later ones at once', async () => {
    const { log, clock, written } = held();
    log.info('one');
    log.debug('two');
    expect(written()).toEqual([]);
    await clock.advance(100);
    log.info('three');
    expect(written()).toEqual(['one', 'two', 'three']);
  });

  it('do not wait where something is wrong', () => {
    const { log, written } = held();
    log.info('one');
    log.critical('two');
    log.info('three');
    expect(written()).toEqual(['one', 'two', 'three']);
  });

  it('are not lost when the process ends before', () => {
    const { log, written } = held();
    log.info('one');
    log.flush();
    expect(written()).toEqual(['one']);
  });
});
