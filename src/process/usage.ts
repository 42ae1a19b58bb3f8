import { fs } from '../support/builtins.ts';

/** What the system says of a process. */
export interface Usage {
  readonly rssBytes: number;
  /** Processor time since its start. */
  readonly cpuSeconds: number;
  readonly uptimeSeconds: number;
}

// USER_HZ and the page size of every architecture that Node is built for (proc_pid_stat(5), getconf(1)), except that some
// ARM kernels have larger pages: VmRSS is in kB there too.
const TICKS_PER_SECOND = 100;

/** Null where the process is gone, or the system has no /proc. */
export function usageOf(pid: number): Usage | null {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [, kilobytes = '0'] =
      /^VmRSS:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    const [up = '0'] = fs.readFileSync('/proc/uptime', 'utf8').split(' ');
    // The name of the program, in parentheses, may have anything in it.
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [user = 0, system = 0] = fields.slice(11, 13);
    const startedSeconds = (fields[19] ?? 0) / TICKS_PER_SECOND;
    return {
      rssBytes: Number(kilobytes) * 1024,
      cpuSeconds: (user + system) / TICKS_PER_SECOND,
      uptimeSeconds: Math.max(0, Math.round(Number(up) - startedSeconds)),
    };
  } catch {
    return null;
  }
}
