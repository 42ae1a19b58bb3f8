import { isatty } from 'node:tty';
import { fs } from '../support/builtins.ts';

/**
 * Whether WINCH may come from our terminal: the kernel sends it to the terminal's foreground process group when the window
 * changes (tty_ioctl(4)), which a redirected standard input does not change.
 */
export function mayBeResize(): boolean {
  try {
    // proc(5): the fields behind the name, which may hold anything, are state, ppid, pgrp, session, tty_nr, tpgid.
    const stat = fs.readFileSync('/proc/self/stat', 'utf8');
    const [, , group, , terminal, foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return terminal !== '0' && foreground === group;
  } catch {
    // No /proc (macOS).
    return isatty(0);
  }
}
