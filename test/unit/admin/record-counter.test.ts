import { expect, it } from 'vitest';
import { countingLog } from '../../../src/admin/record-counter.ts';
import { placeFor } from '../../../src/metrics/layout.ts';

const say = () => {};
const silent = {
  ...{ debug: say, info: say, warning: say, error: say, critical: say },
  ...{ reopen: say, flush: say },
};

it('records that add to a figure are counted and published, and others are not', () => {
  const counted: unknown[] = [];
  const store = {
    add: (at: number, amount: number) => void counted.push([at, amount]),
    publish: () => void counted.push('published'),
  };
  const log = countingLog(silent, store);
  log.info('y: y', { event: 'companion-output' });
  log.info('no record');
  expect(counted).toEqual([]);
  log.error('Worker died', { event: 'worker-exited', cause: 'exit' });
  expect(counted).toEqual([
    [placeFor('tsunicorn_log_records_total', 'error'), 1],
    [placeFor('tsunicorn_worker_exits_total', 'exit'), 1],
    'published',
  ]);
  counted.length = 0;
  log.debug('Worker is ready', { event: 'worker-ready', durationMs: 20 });
  expect(counted.at(-1)).toBe('published');
});
