import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from './current-test.ts';
import { childrenOf, isAlive, type Running } from './tsunicorn.ts';

/** Upgrades the arbiter `pid`; resolves with the pid of the new one, which ends with the test, once it serves. */
export async function upgrade(running: Running, pid = running.pid): Promise<number> {
  const seen = running.stderr.length;
  process.kill(pid, 'SIGUSR2');
  const [, text] = await running.waitForLog(/The new arbiter \(pid: (\d+)\) serves/, seen);
  return endFamilyWithTest(Number(text));
}

/** Ends an arbiter that the test did not start itself, and its workers, when the test ends. Returns its pid. */
export function endFamilyWithTest(pid: number): number {
  onTestFinished(() => {
    for (const one of [pid, ...childrenOf(pid)].filter(isAlive)) {
      try {
        process.kill(one, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
  });
  return pid;
}

/** Resolves when the process is gone, however long its outputs stay open. */
export async function gone(running: Running, pid: number): Promise<void> {
  await running.waitFor(() => !isAlive(pid), `process ${pid} to be gone`);
}

/** The pid in a file of the working directory; null where there is no such file. */
export function pidIn(running: Running, name: string): number | null {
  const path = join(running.cwd, name);
  return existsSync(path) ? Number(readFileSync(path, 'utf8')) : null;
}
