import { join } from 'node:path';
import { fs } from '../../support/builtins.ts';
import type { Clock } from '../../support/clock.ts';

/** Whether the kernel's out-of-memory killer ended a process: as its counters say, or null where there are none. */
export type OomVerdict = 'here' | 'machine' | 'no' | null;

/** Processes that the killer ends together are heard of within this time. */
const TOGETHER_MS = 2000;

/** A count of kills, of which each accounts for the death of one process. */
class Kills {
  readonly #read: () => number | null;
  #last: number | null;
  /** Kills that no death was found for yet, until they can be of no death that is judged now. */
  #left = { count: 0, untilMs: 0 };

  constructor(read: () => number | null) {
    this.#read = read;
    this.#last = read();
  }

  /** Whether a kill accounts for a death that is heard of now; null where nothing is counted. */
  take(nowMs: number): boolean | null {
    const count = this.#read();
    if (count === null) return null;
    const risen = this.#last === null ? 0 : Math.max(0, count - this.#last);
    this.#last = count;
    const left = nowMs < this.#left.untilMs ? this.#left.count : 0;
    const untilMs = risen > 0 ? nowMs + TOGETHER_MS : this.#left.untilMs;
    this.#left = { count: Math.max(0, left + risen - 1), untilMs };
    return left + risen > 0;
  }
}

/** Follows the kernel's counters of processes killed for want of memory (cgroups(7), /proc/vmstat). */
export class OomKills {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #read: (path: string) => string;
  /** Of the control group that the arbiter and its workers are in. */
  readonly #here: Kills;
  /** Of the whole machine, which includes every group's. */
  readonly #machine: Kills;

  /** `read` returns a file's text or throws. */
  constructor(
    clock: Pick<Clock, 'now'>,
    read: (path: string) => string = (path) => fs.readFileSync(path, 'utf8'),
  ) {
    this.#clock = clock;
    this.#read = read;
    const group = this.#eventsFile();
    this.#here = new Kills(() => (group === null ? null : this.#counter(group)));
    this.#machine = new Kills(() => this.#counter('/proc/vmstat'));
  }

  /** To be asked once for each process that a SIGKILL of unknown origin ended. */
  judge(): OomVerdict {
    const now = this.#clock.now();
    // Both, as a kill in the group is one of the machine's too.
    const here = this.#here.take(now);
    const machine = this.#machine.take(now);
    if (here) return 'here';
    if (machine) return 'machine';
    return here === null && machine === null ? null : 'no';
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
