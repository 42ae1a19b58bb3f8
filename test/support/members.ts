import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { waitStill } from './left-behind.ts';

/** A process that is killed ends within this. */
const END_MS = 3000;

/** A process of the service, as /proc has it. */
export interface Member {
  readonly pid: number;
  readonly parent: number;
}

/** Every process that lives in a directory: workers lead process groups of their own. Zombies do not live. */
export function membersOf(directory: string): readonly Member[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      if (readlinkSync(`/proc/${name}/cwd`) !== directory) return [];
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return state === 'Z' || state === 'X' ? [] : [{ pid: Number(name), parent: Number(parent) }];
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });
}

/** Sends a signal to a process; false where it has ended, or there is none (0, which to kill(2) is the group of the caller). */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  if (pid === 0) return false;
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

/** Kills every process that lives in a directory, also those that are started meanwhile. It waits without the event loop. */
export function endMembers(directory: string): void {
  const untilMs = performance.now() + END_MS;
  for (;;) {
    const left = membersOf(directory);
    for (const { pid } of left) signal(pid, 'SIGKILL');
    if (left.length === 0 || performance.now() > untilMs) return;
    waitStill(10);
  }
}
