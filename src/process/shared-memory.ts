import { fs } from '../support/builtins.ts';

/**
 * What processes of the same program together use, in bytes: what each has for itself, and once what they share (proc_pid_status(5);
 * Node alone has 60 MB of code). The sum of their resident memory would count that for each. Null where the system has no /proc.
 */
export function memoryOf(
  pids: readonly number[],
  read: (path: string) => string = (path) => fs.readFileSync(path, 'utf8'),
): number | null {
  let own = 0;
  let shared = 0;
  for (const pid of pids) {
    try {
      const status = read(`/proc/${pid}/status`);
      own += kilobytesIn(status, 'RssAnon');
      shared = Math.max(shared, kilobytesIn(status, 'RssFile') + kilobytesIn(status, 'RssShmem'));
    } catch {
      // It has ended.
    }
  }
  return own === 0 ? null : (own + shared) * 1024;
}

function kilobytesIn(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0);
}
