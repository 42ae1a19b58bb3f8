import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

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

/** Sends a signal to a process; false where it has ended. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}
