import { join } from 'node:path';
import { fs } from '../support/builtins.ts';

/**
 * What is left of the memory that the processes of this service may use, in bytes: of the control group, or of the machine
 * where that has less. What the kernel keeps of files and would give back counts as left.
 */
export function freeMemory(): number {
  const isLimited = process.constrainedMemory() < Number.MAX_SAFE_INTEGER && process.constrainedMemory() > 0;
  return process.availableMemory() + (isLimited ? reclaimable() : 0);
}

/** Of the control group: it is counted as used, unlike that of the whole machine. */
function reclaimable(): number {
  const [, group = ''] = /^0::(.*)$/m.exec(textOf('/proc/self/cgroup')) ?? [];
  // In a container the group's own directory may be mounted as the root.
  const files = [join('/sys/fs/cgroup', group, 'memory.stat'), '/sys/fs/cgroup/memory.stat'];
  const found = files.map((path) => /^inactive_file (\d+)$/m.exec(textOf(path))).find(Boolean);
  return Number(found?.[1] ?? 0);
}

function textOf(path: string): string {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch {
    // Not Linux, or another version of control groups.
    return '';
  }
}
