import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { MARK, markedWith } from '../../support/marked.ts';

const script = fileURLToPath(new URL('../../support/end-with-run.ts', import.meta.url));

function started(file: string, args: readonly string[], env: NodeJS.ProcessEnv, stdin: 'pipe' | 'ignore') {
  const child = spawn(file, args, { env, stdio: [stdin, 'ignore', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

const sleeping = (value: string): ChildProcess =>
  started('sleep', ['1000'], { ...process.env, [MARK]: value }, 'ignore');

it.runIf(process.platform === 'linux')('ends what a run has started when the run has ended', async () => {
  const [ours, others] = [`ours-${process.pid}`, `others-${process.pid}`];
  const [left, other] = [sleeping(ours), sleeping(others)];
  const watcher = started(process.execPath, [script, ours], process.env, 'pipe');
  await Promise.all([left, other, watcher].map((child) => once(child, 'spawn')));
  expect(markedWith(ours)).toEqual([left.pid]);
  watcher.stdin?.end();
  const [[, signal]] = await Promise.all([once(left, 'exit'), once(watcher, 'exit')]);
  expect(signal).toBe('SIGKILL');
  expect(markedWith(others)).toEqual([other.pid]);
});
