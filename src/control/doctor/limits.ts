import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { availableMemory, inMiB } from '../../process/available-memory.ts';
import { memoryOf } from '../../process/shared-memory.ts';
import { beyondLimits, warnsOfRoot } from '../../settings/effects.ts';
import { fs } from '../../support/builtins.ts';
import { type Check, type Finding, fine, type Patient } from './finding.ts';

const NEARLY = 0.8;
const FULL = 0.95;
/** Of the periods in which the group had something to do. */
const THROTTLED = 0.1;

/** Of how many files that it may open has a process so many open? */
export const openFiles: Check = (patient) => {
  const rows = pidsOf(patient).flatMap((pid) => {
    const [open, limit] = [openFilesOf(pid), limitOf(pid)];
    return open === null || limit === null ? [] : [{ pid, open, limit, share: open / limit }];
  });
  const [fullest] = rows.toSorted((one, other) => other.share - one.share);
  const remarks = beyondLimits(patient.service.loaded()).map(
    ({ line }): Finding => ({ check: 'open files', severity: 'notice', message: line, cure: null }),
  );
  if (fullest === undefined) return remarks;
  const { pid, open, limit, share } = fullest;
  const message = `process ${pid} has ${open} of ${limit} files open`;
  if (share < NEARLY) return [...fine('open files', message), ...remarks];
  return [
    {
      ...{ check: 'open files', severity: share < FULL ? 'warning' : 'critical', message },
      cure: `ls -l /proc/${pid}/fd shows what it does not close; otherwise raise the limit (LimitNOFILE= in a unit)`,
    },
    ...remarks,
  ];
};

function pidsOf({ status }: Patient): readonly number[] {
  return [process.pid, ...status.processes.map(({ pid }) => pid).filter((pid) => pid > 0)];
}

function openFilesOf(pid: number): number | null {
  try {
    return fs.readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    // It has ended, is another user's, or this is not Linux.
    return null;
  }
}

function limitOf(pid: number): number | null {
  const [, soft] = /^Max open files +(\d+)/m.exec(textOf(`/proc/${pid}/limits`)) ?? [];
  return soft === undefined ? null : Number(soft);
}

/** All processes of the service, against the control group or the machine. */
export const memory: Check = (patient) => {
  const used = memoryOf(pidsOf(patient)) ?? 0;
  const limit = availableMemory();
  const message = `all processes use ${inMiB(used)} of ${inMiB(limit)}`;
  if (used < limit * NEARLY) return fine('memory', message);
  return [
    {
      ...{ check: 'memory', severity: used < limit * FULL ? 'warning' : 'critical', message },
      cure: '--max-memory replaces a worker before the kernel kills one; fewer workers; a higher limit of the control group',
    },
  ];
};

/** More workers than processors, or a group that the kernel slows down. */
export const processors: Check = ({ status }) => {
  const found: Finding[] = [];
  const cores = availableParallelism();
  if (status.workers.wanted > cores * 2)
    found.push({
      check: 'processors',
      severity: 'notice',
      message: `${status.workers.wanted} workers share ${cores} processors`,
      cure: 'one worker a processor computes as much, and takes less memory',
    });
  const stat = textOf(join('/sys/fs/cgroup', groupOf(), 'cpu.stat')) || textOf('/sys/fs/cgroup/cpu.stat');
  const [periods, throttled] = ['nr_periods', 'nr_throttled'].map((name) =>
    Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(stat)?.[1] ?? 0),
  );
  const share = periods ? (throttled ?? 0) / periods : 0;
  if (share > THROTTLED)
    found.push({
      check: 'processors',
      severity: 'warning',
      message: `the kernel has held the control group back in ${Math.round(share * 100)} % of its periods`,
      cure: 'raise the limit of processor time (CPUQuota=, limits.cpu), or start fewer workers',
    });
  return found.length === 0
    ? fine('processors', `${status.workers.wanted} workers, ${cores} processors`)
    : found;
};

function groupOf(): string {
  return /^0::(.*)$/m.exec(textOf('/proc/self/cgroup'))?.[1] ?? '';
}

/** What the settings let in. */
export const rights: Check = ({ service }) => {
  const warning = warnsOfRoot(service.loaded());
  return warning === null ? [] : [{ check: 'user', severity: 'notice', message: warning, cure: null }];
};

function textOf(path: string): string {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch {
    // It is not there.
    return '';
  }
}
