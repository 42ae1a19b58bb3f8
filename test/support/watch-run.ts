import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { MARK } from './marked.ts';

/**
 * Before the tests: a process that outlives a run which is killed, as by the time limit of whoever started it, and ends the
 * services that would go on for ever.
 */
export default function watchRun({ config }: TestProject): void {
  const value = config.env[MARK];
  if (typeof value !== 'string') throw new Error(`${MARK} is not set for the project ${config.name}`);
  const watcher = spawn(
    process.execPath,
    [fileURLToPath(new URL('end-with-run.ts', import.meta.url)), value],
    {
      // A Ctrl-C is for the run alone.
      detached: true,
      stdio: ['pipe', 'ignore', 'inherit'],
    },
  );
  watcher.unref();
  const { stdin } = watcher;
  if (stdin !== null && 'unref' in stdin && typeof stdin.unref === 'function') stdin.unref();
}
