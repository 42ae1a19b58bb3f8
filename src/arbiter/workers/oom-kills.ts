import { join } from 'node:path';
import { fs } from '../../support/builtins.ts';

/** Whether the kernel's out-of-memory killer ended a process: as its counters say, or null where there are none. */
export type OomVerdict = 'here' | 'machine' | 'no' | null;

interface Counts {
  /** Of the control group that the arbiter and its workers are in. */
  readonly here: number | null;
  /** Of the whole machine, which includes every group's. */
  readonly machine: number | null;
}

/** Follows the kernel's counters of processes killed for want of memory (cgroups(7), /proc/vmstat). */
export class OomKills {
  readonly #read: (path: string) => string;
  readonly #group: string | null;
  #last: Counts;

  /** `read` returns a file's text or throws. */
  constructor(read: (path: string) => string = (path) => fs.readFileSync(path, 'utf8')) {
    this.#read = read;
    this.#group = this.#eventsFile();
    this.#last = this.#counts();
  }

  /** To be asked once for each process that a SIGKILL of unknown origin ended: a kill accounts for one process. */
  judge(): OomVerdict {
    const now = this.#counts();
    const { here, machine } = this.#last;
    if (here !== null && now.here !== null && now.here > here) {
      const unjudged = now.here - here - 1;
      this.#last = { here: here + 1, machine: now.machine === null ? null : now.machine - unjudged };
      return 'here';
    }
    if (machine !== null && now.machine !== null && now.machine > machine) {
      this.#last = { here, machine: now.machine };
      return 'machine';
    }
    return now.machine === null && now.here === null ? null : 'no';
  }

  #counts(): Counts {
    return {
      here: this.#group === null ? null : this.#counter(this.#group),
      machine: this.#counter('/proc/vmstat'),
    };
  }

  #counter(path: string): number | null {
    const found = /^oom_kill (\d+)$/m.exec(this.#text(path));
    return found ? Number(found[1]) : null;
  }

  /** Version 2 has `memory.events`, version 1 `memory.oom_control`; both hold a line `oom_kill N`. */
  #eventsFile(): string | null {
    const own = this.#text('/proc/self/cgroup');
    const [, unified] = /^0::(.*)$/m.exec(own) ?? [];
    const [, memory] = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(own) ?? [];
    const candidates = [
      ...(unified === undefined ? [] : [join('/sys/fs/cgroup', unified, 'memory.events')]),
      ...(memory === undefined ? [] : [join('/sys/fs/cgroup/memory', memory, 'memory.oom_control')]),
      // In a container the group's own directory may be mounted as the root.
      ...['/sys/fs/cgroup/memory.events', '/sys/fs/cgroup/memory/memory.oom_control'],
    ];
    return candidates.find((path) => this.#counter(path) !== null) ?? null;
  }

  #text(path: string): string {
    try {
      return this.#read(path);
    } catch {
      // Not Linux, not this version of control groups, or not readable here.
      return '';
    }
  }
}
