import { fs } from '../support/builtins.ts';

/** Whether the process is stopped, by a signal or a debugger (proc(5), state T or t); false where that cannot be known. */
export function isStopped(pid: number): boolean {
  return /^[Tt]$/.test(statOf(pid)?.[0] ?? '');
}

/** Whether the process has exited, even if its threads are still being torn down and it is still our parent. Linux only. */
export function hasExited(pid: number): boolean {
  return /^[ZX]$/.test(statOf(pid)?.[0] ?? '');
}

/**
 * Whether WINCH may come from our terminal: the kernel sends it to the terminal's foreground process group when the window
 * changes (tty_ioctl(4)), which a redirected standard input does not change.
 */
export function mayBeResize(): boolean {
  const stat = statOf('self');
  if (stat === null) return process.getBuiltinModule('node:tty').isatty(0);
  const [, , group, , terminal, foreground] = stat;
  return terminal !== '0' && foreground === group;
}

/** The fields of proc(5)'s stat after the name: state, ppid, pgrp, session, tty_nr, tpgid, …; null without a process or /proc. */
function statOf(pid: number | 'self'): readonly string[] | null {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name, in parentheses, may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    // It has ended, or this is not Linux.
    return null;
  }
}
