import { mkdirSync, readdirSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../../src/support/errors.ts';
import { waitStill } from '../../test/support/left-behind.ts';

/** Of version 1, where a directory below it is a group of its own; version 2 has all in one tree. */
const MEMORY = '/sys/fs/cgroup/memory';
const UNIFIED = '/sys/fs/cgroup';

/** What was killed is gone within this. */
const EMPTY_MS = 2000;

/** Why no control group with a memory limit can be made here; null where one can. */
export function cgroupMissing(): string | null {
  const name = join(root(), `tsunicorn-runbook-${process.pid}-probe`);
  try {
    mkdirSync(name);
    const has = readdirSync(name).includes(limitFile());
    rmdirSync(name);
    return has ? null : 'the memory of a control group cannot be limited here';
  } catch {
    return 'no control group can be made here (that needs root, and a cgroup file system that can be written)';
  }
}

/** A command that runs the one behind it in a control group that may use so much memory, in MiB, and no swap. */
export function inCgroup(megabytes: number): readonly string[] {
  const group = '"$0/tsunicorn-runbook-$$"';
  const script = [
    `mkdir ${group}`,
    `echo ${megabytes}M > ${group}/${limitFile()}`,
    // Without swap the kernel has no such file. What fails before must still end all of it, with no group and no limit.
    `{ { echo ${isUnified() ? '0' : `${megabytes}M`} > ${group}/${isUnified() ? 'memory.swap.max' : 'memory.memsw.limit_in_bytes'}; } 2>/dev/null || :; }`,
    `echo $$ > ${group}/cgroup.procs`,
    'exec "$@"',
  ].join(' && ');
  return ['sh', '-c', script, root()];
}

/**
 * Removes the group of a command that has ended, with all that it started; `pid` is of that command. It waits without the
 * event loop for what has been killed and is not gone yet.
 */
export function removeCgroup(pid: number): void {
  for (const untilMs = performance.now() + EMPTY_MS; ; ) {
    try {
      return rmdirSync(join(root(), `tsunicorn-runbook-${pid}`));
    } catch (error) {
      // Most have none. An empty group harms nobody.
      if (codeOf(error) !== 'EBUSY' || performance.now() > untilMs) return;
      waitStill(10);
    }
  }
}

function isUnified(): boolean {
  return statSync(MEMORY, { throwIfNoEntry: false }) === undefined;
}

function root(): string {
  return isUnified() ? UNIFIED : MEMORY;
}

function limitFile(): string {
  return isUnified() ? 'memory.max' : 'memory.limit_in_bytes';
}
