import { expect, it } from 'vitest';
import type { Controlled } from '../../../src/control/controlled.ts';
import { WorkerLogs } from '../../../src/control/worker-logs.ts';

/** What is shown of a ring with these lines. */
function shown(lines: readonly unknown[]): readonly unknown[] {
  const read = () => ({ lines: lines.map((line) => JSON.stringify(line)), lost: 0, cursor: {} });
  const service = { rings: { all: [{ owner: { pid: 5, slot: 0 }, read }] } } as unknown as Controlled;
  return new WorkerLogs(service, { level: 'info', access: true }).recent();
}

const line = { time: '2026-01-01T00:00:00.000Z', level: 'error', message: 'oh' };
const owner = { pid: 5, slot: 0 };

it('of a line that a worker has made up nothing is taken but what is known', () => {
  expect(shown([{ ...line, stack: 1, event: {}, lost: 'many', pid: 1, slot: 'x' }])).toEqual([
    { ...line, ...owner },
  ]);
  expect(shown([{ ...line, event: 'error', stack: 'Error: oh' }])).toEqual([
    { ...line, event: 'error', stack: 'Error: oh', ...owner },
  ]);
});

it('what is no line is not shown', () => {
  const others = [{ time: 'now' }, { level: 'constructor' }, { level: 9 }, { message: null }];
  expect(shown([null, 3, [], { lost: 7 }, ...others.map((other) => ({ ...line, ...other }))])).toEqual([]);
});
