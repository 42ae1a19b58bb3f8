import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { get } from '../support/client.ts';
import { adminOf } from '../support/metrics.ts';
import { Prometheus } from '../support/prometheus.ts';
import { withTool } from '../support/tools.ts';
import { app, root, serve } from '../support/tsunicorn.ts';

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

/** As a user of the dashboard has them who has chosen nothing. */
const VARIABLES: Readonly<Record<string, string>> = { job: '.*', instance: '.*', __rate_interval: '10s' };
const PANELS: readonly Panel[] = JSON.parse(
  readFileSync(join(root, 'deploy/grafana/tsunicorn.json'), 'utf8'),
).panels;
const QUERIES = PANELS.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));
/** Where it is well there is nothing to show: what is filtered, and what nobody has measured. */
const MAY_BE_EMPTY = /> 0$|longest_wait/;

withTool('prometheus')('every query of the dashboard has an answer of a real Prometheus', async () => {
  const running = await serve(['-w', '2', '--admin-bind', '127.0.0.1:0', app('hello.ts:app', 'examples')]);
  const prometheus = await Prometheus.scraping(new URL(await adminOf(running)).host);
  for (let asked = 0; asked < 10; asked++) await get(running.at);
  // Two scrapes, so that there are rates.
  await prometheus.until('rate(http_server_request_duration_seconds_count[10s]) >= 0');
  const empty: string[] = [];
  for (const { title, expr } of QUERIES) {
    const text = expr.replace(/\$(\w+)/g, (_, name) => VARIABLES[name] ?? expect.fail(`${title}: $${name}`));
    if ((await prometheus.query(text)).length === 0 && !MAY_BE_EMPTY.test(expr)) empty.push(title);
  }
  expect(QUERIES.length).toBeGreaterThan(30);
  expect(empty).toEqual([]);
});
