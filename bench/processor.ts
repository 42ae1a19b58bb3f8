import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** One line of /proc/PID/stat (proc(5)): its parent and the ticks it and its reaped children have used. */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

/** Parses /proc/PID/stat. The command name may hold spaces and brackets: the fields count from its last bracket. */
export function parseStat(line: string): ProcessStat {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  // Fields 4 (ppid), 14 and 15 (utime, stime), 16 and 17 (the same of reaped children), less the two cut off.
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { pid: Number.parseInt(line, 10), parent: Number(fields[1]), ticks };
}

/** The process `root` and everything below it, parents first. */
export function treeOf(root: number, all: readonly ProcessStat[]): readonly ProcessStat[] {
  const tree = all.filter((one) => one.pid === root);
  for (const member of tree) tree.push(...all.filter((one) => one.parent === member.pid));
  return tree;
}

function statOf(pid: string): ProcessStat | null {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    // It ended between the listing and the reading.
    return null;
  }
}

/** The living process tree of `root`. Linux only. */
export function processTree(root: number): readonly ProcessStat[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return treeOf(
    root,
    pids.map(statOf).filter((one) => one !== null),
  );
}

/** A reader of the processor time, in µs, that a process tree has used so far (user and system). */
export function processorMeter(): (root: number) => number {
  const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  return (root) => {
    const ticks = processTree(root).reduce((sum, one) => sum + one.ticks, 0);
    return (ticks * 1e6) / ticksPerSecond;
  };
}

/** Resident, most ever resident and proportional memory of one process in bytes, from /proc/PID/status and smaps_rollup. */
export function memoryOf(pid: number): { readonly rss: number; readonly peak: number; readonly pss: number } {
  const kilobytes = (file: string, field: string): number => {
    const found = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(
      readFileSync(`/proc/${pid}/${file}`, 'utf8'),
    );
    if (found === null) throw new Error(`/proc/${pid}/${file} has no ${field}`);
    return Number(found[1]) * 1024;
  };
  return {
    rss: kilobytes('status', 'VmRSS'),
    peak: kilobytes('status', 'VmHWM'),
    pss: kilobytes('smaps_rollup', 'Pss'),
  };
}
