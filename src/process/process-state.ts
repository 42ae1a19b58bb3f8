import { fs } from '../support/builtins.ts';

/** Whether the process is stopped, by a signal or a debugger (proc(5), state T or t); false where that cannot be known. */
export function isStopped(pid: number): boolean {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name before it, in parentheses, may hold anything.
    return /^ [Tt] /.test(stat.slice(stat.lastIndexOf(')') + 1));
  } catch {
    // It has ended, or this is not Linux.
    return false;
  }
}
