import { describe, expect, it } from 'vitest';
import { DURATION_BOUNDS } from '../../../src/metrics/catalogue.ts';
import { FIGURES, placeFor, placeOf } from '../../../src/metrics/layout.ts';
import { keyOf, NO_ANSWER } from '../../../src/metrics/series.ts';
import type { Totals } from '../../../src/metrics/store.ts';
import type { Picture } from '../../../src/push/picture.ts';
import { countedIn, linesOf, packetsOf } from '../../../src/push/statsd-lines.ts';

const PLAIN = { prefix: '', tags: '' };

/** A series: its status, the seconds that its requests took, and how many there are by bucket. */
type Series = readonly [status: number, seconds: number, counts: Readonly<Record<number, number>>];

function totalsOf(series: readonly Series[], figures: Readonly<Record<number, number>> = {}): Totals {
  const numbers = new Float64Array(FIGURES);
  for (const [at, value] of Object.entries(figures)) numbers[Number(at)] = value;
  const all = series.map(([status, seconds, counts]): [number, Float64Array] => {
    const sums = new Float64Array(DURATION_BOUNDS.length + 2);
    sums[0] = seconds;
    for (const [at, count] of Object.entries(counts)) sums[1 + Number(at)] = count;
    return [keyOf(0, status, 0, 0), sums];
  });
  return { figures: numbers, series: new Map(all), exemplars: new Map(), workers: [], ended: new Map() };
}

function pictureOf(totals: Totals): Picture {
  return { totals, status: { workers: { all: 3, ready: 2 } } } as unknown as Picture;
}

describe('what a statsd gets', () => {
  const before = countedIn(totalsOf([[200, 1, { 0: 10 }]]));

  it('is what was counted since the last time, with names of Gunicorn', () => {
    const now = totalsOf(
      [
        [200, 1.012, { 0: 14 }],
        [NO_ANSWER, 0, { 0: 1 }],
      ],
      {
        [placeFor('tsunicorn_log_records_total', 'error') ?? 0]: 2,
        [placeFor('tsunicorn_worker_exits_total', 'stall') ?? 0]: 1,
        [placeOf('tsunicorn_connections')]: 7,
      },
    );
    expect(linesOf(before, pictureOf(now), PLAIN)).toEqual([
      'gunicorn.requests:5|c',
      'gunicorn.request.status.200:4|c',
      'gunicorn.request.duration:2.4|ms|@0.2',
      'gunicorn.log.error:2|c',
      'tsunicorn.worker.exits:1|c',
      'gunicorn.workers:3|g',
      'tsunicorn.workers.ready:2|g',
      'tsunicorn.requests.active:0|g',
      'tsunicorn.connections:7|g',
    ]);
  });

  it('has one duration for each bucket, with a prefix and tags', () => {
    const now = totalsOf([
      [200, 1, { 0: 12 }],
      [503, 20, { [DURATION_BOUNDS.length]: 1 }],
    ]);
    const lines = linesOf(before, pictureOf(now), { prefix: 'shop.', tags: '|#a:b' });
    expect(lines.filter((line) => line.includes('duration'))).toEqual([
      'shop.gunicorn.request.duration:2.5|ms|@0.5|#a:b',
      'shop.gunicorn.request.duration:10000|ms|#a:b',
    ]);
  });

  it('is nothing but gauges where nothing was counted', () => {
    const lines = linesOf(before, pictureOf(totalsOf([[200, 1, { 0: 10 }]])), PLAIN);
    expect(lines.filter((line) => !line.endsWith('|g'))).toEqual([]);
  });

  it('fits into packets', () => {
    expect(packetsOf(['aaa', 'bbb', 'cc', 'dddddddddd'], 7)).toEqual(['aaa\nbbb', 'cc', 'dddddddddd']);
    expect(packetsOf([], 7)).toEqual([]);
  });
});
