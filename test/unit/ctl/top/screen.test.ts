import { describe, expect, it } from 'vitest';
import type { StatusAnswer } from '../../../../src/ctl/client.ts';
import { keysOf } from '../../../../src/ctl/top/keys.ts';
import { screenLines, type View } from '../../../../src/ctl/top/screen.ts';

const plain = { style: (_style: unknown, text: string) => text };

const worker = (slot: number, rssBytes: number, cpuSeconds = 0) => ({
  ...{ slot, pid: 1000 + slot, age: slot + 1, generation: 1, state: 'ready', uptimeSeconds: 7, rssBytes },
  ...{ cpuSeconds, heapBytes: null, inFlight: null, connections: null, loopP99Ms: null },
  ...{ requestsPerSecond: null, queue: null },
});

function view(workers: readonly ReturnType<typeof worker>[], change: Partial<View> = {}): View {
  const status = {
    ...{ version: '1.0.0', name: 'shop', phase: 'serving', pid: 1, uptimeSeconds: 9, generation: 1 },
    ...{ workers: { ready: workers.length, wanted: workers.length }, waits: [], processes: workers },
    listeners: [{ url: 'http://127.0.0.1:8000', queue: 0, limit: 511 }],
  } as unknown as StatusAnswer;
  return {
    ...{ looks: { now: status, before: status, seconds: 1 }, trouble: null, sort: 'SLOT', isReversed: false },
    ...{ selected: 1, message: '', pane: [] },
    ...change,
  };
}

const many = Array.from({ length: 50 }, (_, slot) => worker(slot, slot * 1024 ** 2));

describe('the screen of top', () => {
  it.each([
    [24, 80],
    [50, 132],
    [8, 40],
    [3, 20],
  ])('has %d rows of at most %d characters', (rows, columns) => {
    for (const pane of [[], ['x'.repeat(300), 'y']]) {
      const lines = screenLines(view(many, { pane, message: 'm'.repeat(300) }), { rows, columns }, plain);
      expect(lines).toHaveLength(rows);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    }
  });

  it('keeps the selected worker on it', () => {
    const lines = screenLines(view(many, { selected: 40 }), { rows: 24, columns: 80 }, plain);
    expect(lines.find((line) => line.startsWith('> '))).toMatch(/^> +39 +1039 /);
  });

  it('sorts by a column, the greatest first', () => {
    const slots = (change: Partial<View>) =>
      screenLines(view(many.slice(0, 3), change), { rows: 24, columns: 80 }, plain).flatMap(
        (line) => /^[> ] +(\d) +10/.exec(line)?.[1] ?? [],
      );
    expect(slots({})).toEqual(['0', '1', '2']);
    expect(slots({ sort: 'RSS' })).toEqual(['2', '1', '0']);
    expect(slots({ sort: 'RSS', isReversed: true })).toEqual(['0', '1', '2']);
  });

  it('says that there is no answer, and shows the last one', () => {
    const lines = screenLines(view(many, { trouble: 'gone' }), { rows: 24, columns: 80 }, plain);
    expect(lines[2]).toBe('No answer, asking again: gone');
    expect(lines[5]).toMatch(/1000/);
  });
});

it('keys are told apart in what a terminal sends at once', () => {
  expect(keysOf('js\x1b[A\x1bOBq\x1b')).toEqual(['down', 'sort', 'up', 'down', 'quit', 'close']);
  expect(keysOf('\x1b[15~z')).toEqual(['other', 'other']);
});
