import { describe, expect, it, vi } from 'vitest';
import { counter, gauge, histogram } from '../../../src/measures/measures.ts';
import { Registry } from '../../../src/measures/registry.ts';
import { MEASURES, type MeasureSource } from '../../../src/metrics/measured.ts';

const ours: MeasureSource = Reflect.get(globalThis, MEASURES);
const taken = (name: string) => ours.take()?.measures.find((measure) => measure.name === name);

describe('what an application registers', () => {
  it('is counted by labels; the same name is the same metric', () => {
    counter('orders', { labels: ['kind'] }).add(2, { kind: 'a' });
    counter('orders_total', { labels: ['kind'] }).add(1, { kind: 'a' });
    expect(taken('orders_total')?.series).toEqual([[['a'], [3]]]);
    gauge('depth').set(4);
    gauge('depth').add(-1);
    expect(taken('depth')?.series).toEqual([[[], [3]]]);
    histogram('took', { buckets: [1, 2] }).observe(1.5);
    histogram('took', { buckets: [1, 2] }).observe(5);
    expect(taken('took')?.series).toEqual([[[], [6.5, 0, 1, 1]]]);
  });

  it('is refused where Prometheus would refuse it', () => {
    expect(() => counter('a b')).toThrow('a b_total is no name of a metric');
    expect(() => gauge('tsunicorn_mine')).toThrow('not the prefix tsunicorn_');
    expect(() => gauge('x', { labels: ['le'] })).toThrow('le is no name of a label');
    expect(() => histogram('x', { buckets: [2, 1] })).toThrow('the buckets must rise');
    expect(() => histogram('depth')).toThrow('registered already, as a gauge');
    expect(() => counter('up').add(-1)).toThrow('a counter only rises');
    expect(() => counter('orders', { labels: ['kind'] }).add(1)).toThrow('the label kind has no value');
    expect(() => gauge('depth').set(1, { kind: 'a' })).toThrow('has no label kind');
  });

  it('has at most a thousand series for each metric, and what is beyond is counted together', () => {
    const many = counter('many', { labels: ['id'] });
    for (let id = 0; id < 1200; id++) many.add(1, { id });
    const series = taken('many_total')?.series ?? [];
    expect(series).toHaveLength(1001);
    expect(series.at(-1)).toEqual([['_OTHER'], [200]]);
    expect(ours.take()?.folded).toBe(200);
  });
});

describe('a check', () => {
  const settled = () => vi.waitFor(() => {});

  it('fails until it has run, where it throws, rejects or returns false, and where it does not end', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const registry = new Registry();
    let answer: () => unknown = () => true;
    registry.check('database', () => answer());
    const failing = async () => {
      const before = registry.take()?.failing.database;
      await settled();
      return before;
    };
    expect(await failing()).toBe('it has not run yet');
    expect(await failing()).toBeUndefined();
    answer = () => false;
    await failing();
    expect(await failing()).toBe('it returned false');
    answer = () => Promise.reject(new Error('no connection'));
    await failing();
    expect(await failing()).toBe('no connection');
    answer = () => new Promise(() => {});
    await failing();
    vi.advanceTimersByTime(6000);
    expect(await failing()).toBe('it has not ended within 5 s');
    vi.useRealTimers();
  });
});
