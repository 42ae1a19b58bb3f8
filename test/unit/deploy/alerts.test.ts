import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { renderDashboard } from '../../../scripts/dashboard.ts';
import { SCENARIOS } from '../../../scripts/runbook/scenarios.ts';
import { DURATION, families, presentFamilies } from '../../../src/metrics/catalogue.ts';
import { PROGRAM_MS } from '../../support/patience.ts';
import { withTool } from '../../support/tools.ts';
import { root } from '../../support/tsunicorn.ts';

/** Names of labels that look like those of figures. */
const LABELS = new Set(['v8js_gc_type', 'nodejs_eventloop_state', 'http_response_status_code']);

const folder = join(root, 'deploy/prometheus');
const rules = readFileSync(join(folder, 'rules.yml'), 'utf8');

it.each([
  ['an alert', rules],
  ['a panel', renderDashboard()],
])('%s asks for no figure that there is not', (_, text) => {
  const known = new Set([DURATION.name, ...Object.keys(families), ...Object.keys(presentFamilies)]);
  const asked = text.match(/\b(?:tsunicorn|http_server|process|nodejs|v8js)_\w+(?=[{[)\s])/g) ?? [];
  const unknown = asked
    .map((name) => name.replace(/_(?:bucket|count|sum)$/, ''))
    .filter((name) => !known.has(name) && !LABELS.has(name));
  expect(asked.length).toBeGreaterThan(10);
  expect(unknown).toEqual([]);
});

it('every alert has a paragraph of its own in the runbook, and that no other', () => {
  const alerts = [...rules.matchAll(/alert: (\w+)/g)].map(([, name = '']) => name);
  const linked = [...rules.matchAll(/runbook_url: docs\/runbook\.md#(\w+)/g)].map(([, anchor]) => anchor);
  const runbook = readFileSync(join(root, 'docs/runbook.md'), 'utf8');
  const paragraphs = [...runbook.matchAll(/^## (Tsunicorn\w+)$/gm)].map(([, name]) => name);
  expect(paragraphs).toEqual(alerts);
  expect(linked).toEqual(alerts.map((name) => name.toLowerCase()));
});

const withPromtool = withTool('promtool');

withPromtool('alerts fire when they should, and are silent in calm and over planned operations', () => {
  const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', 'rules.test.yml'], {
    cwd: folder,
    encoding: 'utf8',
    timeout: PROGRAM_MS,
  });
  expect({ status, stdout, stderr }).toMatchObject({ status: 0, stderr: '' });
});

it('each alert is tested', () => {
  const tests = readFileSync(join(folder, 'rules.test.yml'), 'utf8');
  for (const [, name = ''] of rules.matchAll(/alert: (\w+)/g)) expect(tests).toContain(`alertname="${name}"`);
});

it('every failure that npm run runbook makes is in the runbook, with an alert that there is', () => {
  const runbook = readFileSync(join(root, 'docs/runbook.md'), 'utf8');
  const sections = [...runbook.matchAll(/^## (?!Tsunicorn[A-Z])(.+)$/gm)].map(([, title]) => title);
  expect(sections).toEqual(SCENARIOS.map(({ title }) => title));
  for (const { alert } of SCENARIOS) if (alert !== undefined) expect(rules).toContain(`alert: ${alert}\n`);
});
