import { describe, expect, it } from 'vitest';
import { Draw } from '../../scripts/runbook/draw.ts';
import { observe } from '../../scripts/runbook/observe.ts';
import { open } from '../../scripts/runbook/open.ts';
import { SCENARIOS } from '../../scripts/runbook/scenarios.ts';
import { Stage, until } from '../../scripts/runbook/stage.ts';
import { ctl } from '../support/control.ts';
import { onTestFinished, tellTestsApart } from '../support/current-test.ts';
import { deadlineMs } from '../support/patience.ts';

tellTestsApart();

// npm run runbook has all of them.
const SOME = ['A mistyped configuration', 'process.exit in a request', 'A stopped worker', 'A full disk'];

describe('a failure is named by the log and by tsunicornctl status', () => {
  it.concurrent.each(SCENARIOS.filter(({ title }) => SOME.includes(title)))('$title', async (scenario) => {
    const draw = new Draw(null, scenario.title);
    const staging = scenario.make(draw);
    const stage = await open(staging, draw);
    onTestFinished(() => stage.close());
    const { line, finding } = await observe(staging, stage, deadlineMs());
    expect(line).not.toBe(null);
    expect(finding?.cure ?? '').not.toBe('');
  });
});

it.concurrent('tsunicornctl doctor ends with a status that says how bad it is', async () => {
  const stage = new Stage({
    files: { 'app.mjs': 'export const app = (request, response) => response.end("hello");' },
    args: ['app.mjs:app', '-w', '1'],
  });
  onTestFinished(() => stage.close());
  const run = (...args: readonly string[]) => ctl([...args, '--socket', stage.client.path]);
  await stage.logged(/Listening at/);
  const isReady = async () => (await stage.client.status()).workers.ready === 1;
  await until(isReady, 'a worker');
  expect(await run('doctor')).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^FINE {6}workers: 1 of 1 serve$/m),
  });
  const [pid = 0] = stage.workers();
  process.kill(pid, 'SIGSTOP');
  const bad = await run('doctor');
  expect(bad).toMatchObject({ status: 7, stderr: '' });
  expect(bad.stdout).toMatch(new RegExp(`^CRITICAL {2}stopped: .*\\n {10}→ kill -CONT ${pid}$`, 'm'));
  // What is wrong is on the first screen, too.
  expect((await run('status')).stdout).toMatch(/^CRITICAL {2}stopped: /m);
  process.kill(pid, 'SIGCONT');
  const { findings } = JSON.parse((await run('doctor', '--json')).stdout);
  expect(findings).toContainEqual(expect.objectContaining({ check: 'workers', severity: 'fine' }));
});
