import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { longestFor, shorten } from '../../../scripts/runbook/alerts/shorten.ts';
import { root } from '../../support/tsunicorn.ts';

const rules = readFileSync(join(root, 'deploy/prometheus/rules.yml'), 'utf8');
const DURATION = /(?<=\[)\w+(?=\])|(?<= for: )\w+/g;

it('divides every window and every for, and changes nothing else', () => {
  const short = shorten(rules, 30);
  const [before, after] = [rules.match(DURATION) ?? [], short.match(DURATION) ?? []];
  expect(before.length).toBeGreaterThan(15);
  expect(after.length).toBe(before.length);
  for (const duration of after) expect(duration).toMatch(/^\d+ms$/);
  expect(short.replaceAll(DURATION, '…')).toBe(rules.replaceAll(DURATION, '…'));
});

it('of each unit', () => {
  expect(shorten('x: increase(a[10m]) + rate(b[30s])\n  for: 1h\n  for: 2d\n', 60)).toBe(
    'x: increase(a[10000ms]) + rate(b[500ms])\n  for: 60000ms\n  for: 2880000ms\n',
  );
  expect(longestFor('  for: 30s\n  for: 1h\n')).toBe(3_600_000);
});
