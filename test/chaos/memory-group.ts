import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitStill } from '../support/left-behind.ts';

const ROOT = '/sys/fs/cgroup/memory';
const REMOVED_IN_MS = 3000;

/** A group of processes whose memory can be limited: a cgroup of version 1. */
export class MemoryGroup {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Null where none can be made. */
  static make(name: string): MemoryGroup | null {
    const path = join(ROOT, name);
    try {
      // Version 2 has no such file at its root.
      readFileSync(join(ROOT, 'memory.usage_in_bytes'));
      mkdirSync(path);
    } catch {
      return null;
    }
    return new MemoryGroup(path);
  }

  /** Takes a process in; what it starts from then on is in it too. */
  take(pid: number): void {
    try {
      writeFileSync(join(this.#path, 'cgroup.procs'), `${pid}`);
    } catch {
      // It has ended already.
    }
  }

  /** How many of its processes the kernel has killed for want of memory. */
  get kills(): number {
    return Number(/^oom_kill (\d+)$/m.exec(this.#read('memory.oom_control'))?.[1] ?? 0);
  }

  /** Leaves it so many bytes more than it has; null for as many as it wants. */
  limit(moreBytes: number | null): void {
    const limit = moreBytes === null ? -1 : Number(this.#read('memory.usage_in_bytes')) + moreBytes;
    writeFileSync(join(this.#path, 'memory.limit_in_bytes'), `${limit}`);
  }

  /** Its processes have to have ended. It waits without the event loop. */
  remove(): void {
    for (const untilMs = performance.now() + REMOVED_IN_MS; performance.now() < untilMs; waitStill(10))
      try {
        return rmdirSync(this.#path);
      } catch {
        // EBUSY: the kernel is not done with the last of them.
      }
  }

  #read(file: string): string {
    return readFileSync(join(this.#path, file), 'utf8');
  }
}
