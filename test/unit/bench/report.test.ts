import { describe, expect, it } from 'vitest';
import { absoluteBar, barTable, caseTable, type Series, verdicts } from '../../../bench/report.ts';

function series(name: string, micros: readonly number[], perSecond: readonly number[]): Series {
  const samples = micros.map((cost, round) => ({
    micros: cost,
    perSecond: perSecond[round] ?? 0,
    failed: round,
  }));
  return { name, processes: 2, samples };
}

describe('verdicts', () => {
  it('compares round with round, so that a slow round of the machine does not count', () => {
    const cluster = series('node:cluster', [10, 20, 40], [3, 2, 1]);
    const ours = series('tsunicorn', [10, 20, 40], [3, 2, 1]);
    const [verdict] = verdicts('keepalive', [cluster, ours]);
    expect(verdict?.ratio).toEqual({ min: 1, q1: 1, median: 1, q3: 1, max: 1 });
    expect(verdict?.mark).toBe('reached');
  });

  it('takes the inverse of the processor cost where a bar asks for it', () => {
    const bare = series('bare node:http', [8, 8, 8], [1, 1, 1]);
    const fetch = series('tsunicorn fetch', [16, 16, 16], [1, 1, 1]);
    const [verdict] = verdicts('keepalive', [bare, fetch]);
    expect(verdict).toMatchObject({ ratio: { median: 0.5 }, mark: 'not reached' });
  });

  it('passes over a bar whose peer was not measured', () => {
    expect(verdicts('close', [series('tsunicorn', [1], [1])])).toEqual([]);
  });

  it('judges each case by its own bars only', () => {
    const all = [series('node:cluster', [1], [1]), series('tsunicorn', [1], [3])];
    expect(verdicts('close', all).map(({ bar }) => bar.metric)).toEqual(['perSecond']);
  });
});

describe('barTable', () => {
  it('judges a figure by its limit and prints both with the mark', () => {
    const latency = { min: 1, q1: 2, median: 3, q3: 16, max: 20 };
    expect(barTable([absoluteBar('p99, ms', latency, 'at most', 15, 1)]).split('\n')).toEqual([
      '| bar | median (quartiles) | limit | mark |',
      '| --- | ---: | ---: | --- |',
      '| p99, ms | 3.0 (2.0–16.0) | at most 15 | **within spread** |',
    ]);
  });
});

describe('caseTable', () => {
  it('prints medians with their spread, failures and the marks as one Markdown row a candidate', () => {
    const table = caseTable('close', [
      series('node:cluster', [200, 210, 220], [8000, 8100, 8200]),
      series('tsunicorn', [50, 60, 70], [24_000, 24_300, 24_600]),
    ]);
    expect(table.split('\n').slice(2)).toEqual([
      '| node:cluster | 2 | 8100 (8000–8200) | 210.0 (200.0–220.0) | 3 |  |',
      '| tsunicorn | 2 | 24300 (24000–24600) | 60.0 (50.0–70.0) | 3 | requests/s 3.00 (3.00–3.00) × node:cluster, at least 2.2: **reached** |',
    ]);
  });
});
