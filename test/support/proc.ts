import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const HAS_PROC = process.platform === 'linux';

/** Whether a process with this pid lives (a zombie does not). */
export function isAlive(pid: number): boolean {
  if (!HAS_PROC) return isAliveByPs(pid);
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Direct children of a process. */
export function childrenOf(pid: number): number[] {
  if (!HAS_PROC) return childrenByPgrep(pid);
  try {
    return pidsIn(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'));
  } catch {
    return [];
  }
}

/** As isAlive(), without /proc. */
export function isAliveByPs(pid: number): boolean {
  return /^[^Z]/.test(output('ps', '-o', 'state=', '-p', `${pid}`).trim());
}

/** As childrenOf(), without /proc. */
export function childrenByPgrep(pid: number): number[] {
  return pidsIn(output('pgrep', '-P', `${pid}`));
}

function pidsIn(text: string): number[] {
  return text.trim() === '' ? [] : text.trim().split(/\s+/).map(Number);
}

function output(command: string, ...args: readonly string[]): string {
  return spawnSync(command, args, { encoding: 'utf8' }).stdout ?? '';
}
