import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { Figure } from '../../../../bench/prove/figure.ts';
import { verdicts } from '../../../../bench/prove/goals.ts';
import { regressions } from '../../../../bench/prove/report/history.ts';
import { writeReport } from '../../../../bench/prove/report/report.ts';
import { spreadOf } from '../../../../bench/prove/report/text.ts';
import type { Finished } from '../../../../bench/prove/store.ts';

const command = 'npm run prove';

function figure(subject: string, group: string, metric: string, values: readonly number[]): Figure {
  return { subject, group, metric, values, command };
}

const kept = (subject: string, ...values: readonly number[]) =>
  figure(subject, 'kept connections', 'processor µs a request', values);

function finished(...figures: readonly Figure[]): Finished {
  return {
    ...{ id: 'a piece', section: 'cost', at: '2026-01-01T00:00:00Z', commit: 'abc123-dirty', rounds: 3 },
    ...{ load: [0.1, 0.2], figures, leftOut: ['Puma: it ended with 1\nwhy'] },
  };
}

function silently<T>(act: () => T): T {
  const silenced = [vi.spyOn(console, 'log'), vi.spyOn(console, 'error')].map((spy) =>
    spy.mockImplementation(() => {}),
  );
  try {
    return act();
  } finally {
    for (const spy of silenced) spy.mockRestore();
  }
}

it('a goal has the ratio of what a peer takes, paired by round', () => {
  const [verdict] = verdicts([
    kept('tsunicorn async', 50, 100, 60),
    kept('bare, one inherited socket', 50, 100, 60),
  ]);
  expect(verdict).toMatchObject({ measured: { median: 1 }, judgement: 'reached' });
});

it('what was lost in a planned operation is missed, and counted', () => {
  const figures = [figure('tsunicorn async: keep-alive', 'reload', 'failed', [0, 2])];
  expect(verdicts(figures)).toMatchObject([{ judgement: 'missed', measured: { median: 2 } }]);
  expect(verdicts([figure('PM2: keep-alive', 'reload', 'failed', [5])])).toEqual([]);
});

it('an operation that did not come to its end is missed, and one beside the load of the tail', () => {
  const unfinished = figure('tsunicorn async', 'upgrade', 'not finished in time', [0, 1, 0]);
  const failed = figure('tsunicorn async', 'latency: reload', 'failed', [3]);
  expect(verdicts([unfinished, failed])).toMatchObject([{ judgement: 'missed', measured: { median: 4 } }]);
  const unplanned = figure('tsunicorn async', 'latency: hang', 'failed', [3]);
  expect(verdicts([unplanned])).toEqual([]);
});

it('writes a page of Markdown, one of HTML that loads nothing, and a history', () => {
  const out = mkdtempSync(join(tmpdir(), 'tsunicorn-report-'));
  onTestFinished(() => rmSync(out, { recursive: true }));
  const lost = silently(() =>
    writeReport([finished(kept('tsunicorn async', 50), kept('<peer> & Co', 100))], [], out, true),
  );
  expect(lost).toBe(0);
  expect(readFileSync(join(out, 'README.md'), 'utf8')).toContain('| tsunicorn async | 50 |');
  expect(readFileSync(join(out, 'README.md'), 'utf8')).toContain('Commit abc123-dirty, measured from');
  const html = readFileSync(join(out, 'report.html'), 'utf8');
  expect(html).toContain('&#60;peer&#62; &#38; Co');
  expect(html).not.toMatch(/(src|href)=/);
  expect(html).toContain('<li>Puma: it ended with 1</li>');
  expect(readFileSync(join(out, 'README.md'), 'utf8')).toContain('- Puma: it ended with 1\n');
  expect(JSON.parse(readFileSync(join(out, 'history.json'), 'utf8'))).toMatchObject([
    { commit: 'abc123-dirty' },
  ]);
});

it('a regression is a goal whose interval lies on the worse side of the one before', () => {
  const run = (low: number, median: number, high: number) => ({
    at: '',
    commit: '',
    machine: '',
    goals: { 'kept, at least 0.97 × bare': { low, median, high } },
  });
  expect(regressions(run(0.97, 0.98, 0.99), run(0.9, 0.91, 0.92))).toEqual([
    'kept, at least 0.97 × bare: 0.91, before 0.98',
  ]);
  expect(regressions(run(0.97, 0.98, 0.99), run(0.96, 0.965, 0.98))).toEqual([]);
});

it('a figure is its median with the lowest and the highest', () => {
  expect(spreadOf([3, 1, 2])).toBe('2 (1–3)');
  expect(spreadOf([7])).toBe('7');
  expect(spreadOf([Number.NaN])).toBe('–');
});
