import { spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Chance } from '../simulation/chance.ts';
import { ask } from '../support/http-client.ts';
import { signal } from '../support/members.ts';
import { SlowFile } from './slow-file.ts';
import { type Means, packageText, type World } from './world.ts';

/** What takes a fault back. */
type Undo = () => void | Promise<void>;

/** A fault that is injected and taken back, or an operation, which has nothing to take back. */
interface Fault {
  readonly weight: number;
  readonly needs?: keyof Means;
  /** All draws come first, so that a seed draws the same whatever the service does. */
  inject(world: World, chance: Chance): Undo | Promise<Undo>;
}

const nothing: Undo = () => {};

/** A process of the service, by a fraction of all there are. */
function any(world: World, fraction: number): number | undefined {
  const all = world.members().map(({ pid }) => pid);
  return all[Math.floor(fraction * all.length)];
}

function toArbiter(name: NodeJS.Signals): Fault['inject'] {
  return ({ arbiter }) => {
    signal(arbiter, name);
    return nothing;
  };
}

/** Address 0 of a process: to read or to write there fails with EIO. */
const FAILING = '/proc/self/mem';

function isSpecial(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === false;
}

/** Has the service open what `make` makes at a path as its log, until it is taken back. */
function putInPlace(world: World, name: string, make: (path: string) => void): Undo {
  const path = join(world.directory, name);
  // The service may be about to open its log, and would make one where there is none.
  make(`${path}.new`);
  renameSync(`${path}.new`, path);
  signal(world.arbiter, 'SIGUSR1');
  return () => {
    if (isSpecial(path)) rmSync(path);
    signal(world.arbiter, 'SIGUSR1');
  };
}

/** How many descriptors a process may have: as many as it has. */
function limitDescriptors(pid: number, more: number): Undo {
  const [open, before] = [openDescriptors(pid), descriptorLimit(pid)];
  if (open === 0 || before === undefined) return nothing;
  const set = (limit: number | string) =>
    spawnSync('prlimit', ['--pid', `${pid}`, `--nofile=${limit}:`], { encoding: 'utf8' });
  const { status, stderr } = set(open + more);
  // Of one that has ended meanwhile there is nothing to limit.
  if (status !== 0 && openDescriptors(pid) > 0) throw new Error(`prlimit: ${stderr.trim()}`);
  return () => void set(before);
}

/** Undefined for a process that has ended. */
function descriptorLimit(pid: number): string | undefined {
  try {
    return /^Max open files +(\w+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

function openDescriptors(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    // It has ended.
    return 0;
  }
}

/** Everything that may happen to a service. */
export const faults = {
  'the disk is full': {
    weight: 2,
    needs: 'smallDisk',
    inject({ directory }) {
      const ballast = join(directory, 'ballast');
      for (const size of [1_048_576, 65_536, 4096])
        try {
          for (;;) writeFileSync(ballast, Buffer.alloc(size), { flag: 'a' });
        } catch (error) {
          if (!(error instanceof Error) || !('code' in error) || error.code !== 'ENOSPC') throw error;
        }
      return () => rmSync(ballast, { force: true });
    },
  },
  'the disk of the access log fails': {
    weight: 2,
    inject(world) {
      return putInPlace(world, 'access.log', (path) => symlinkSync(FAILING, path));
    },
  },
  'the disk of the access log is slow': {
    weight: 2,
    inject(world, chance) {
      const perSecond = chance.between(500, 20_000);
      let slow: SlowFile | undefined;
      const undo = putInPlace(world, 'access.log', (path) => {
        slow = new SlowFile(path, perSecond);
        world.slowFiles.push(slow);
      });
      return () => {
        undo();
        slow?.hasten();
      };
    },
  },
  'the disk of the pidfile fails': {
    weight: 1,
    inject({ directory }) {
      const [path, aside] = [join(directory, 'pid'), join(directory, 'pid.aside')];
      if (!existsSync(path) || existsSync(aside)) return nothing;
      renameSync(path, aside);
      symlinkSync(FAILING, path);
      return () => {
        // An arbiter that was started meanwhile may have written its own.
        if (isSpecial(path)) renameSync(aside, path);
        else rmSync(aside);
      };
    },
  },
  'memory is short': {
    weight: 2,
    needs: 'memory',
    inject(world, chance) {
      const moreBytes = chance.between(1, 60) * 1024 * 1024;
      const { memory } = world;
      if (memory === null) return nothing;
      const [before, atMs] = [memory.kills, performance.now()];
      memory.limit(moreBytes);
      // It may be answered by a worker that is killed then.
      void ask({ url: `${world.url}/grow` }).catch(() => {});
      return () => {
        memory.limit(null);
        for (let count = memory.kills; count > before; count -= 1) world.kills.push(atMs);
      };
    },
  },
  'names are not resolved': {
    weight: 1,
    needs: 'names',
    inject({ names }) {
      if (names === null) return nothing;
      names.isSilent = true;
      return () => {
        names.isSilent = false;
      };
    },
  },
  'no descriptors are left': {
    weight: 2,
    needs: 'limits',
    inject(world, chance) {
      const [fraction, more] = [chance.fraction(), chance.between(0, 4)];
      const pid = any(world, fraction);
      return pid === undefined ? nothing : limitDescriptors(pid, more);
    },
  },
  'a process is stopped': {
    weight: 3,
    inject(world, chance) {
      const pid = any(world, chance.fraction());
      if (pid === undefined) return nothing;
      signal(pid, 'SIGSTOP');
      return () => void signal(pid, 'SIGCONT');
    },
  },
  'a worker is killed': {
    weight: 3,
    inject(world, chance) {
      const fraction = chance.fraction();
      const workers = world.workers();
      const pid = workers[Math.floor(fraction * workers.length)];
      const atMs = performance.now();
      if (pid !== undefined && signal(pid, 'SIGKILL')) world.kills.push(atMs);
      return nothing;
    },
  },
  'the arbiter is killed': { weight: 1, inject: toArbiter('SIGKILL') },
  'nobody reads the log': {
    weight: 2,
    inject(world) {
      world.readLog(false);
      return () => world.readLog(true);
    },
  },
  'the receivers of statsd and syslog are gone': {
    weight: 1,
    async inject(world) {
      await world.receive(false);
      return () => world.receive(true);
    },
  },
  'the clock jumps': {
    weight: 2,
    needs: 'fakeClock',
    inject(world, chance) {
      const seconds = chance.of([-86_400, -3600, -30, 30, 3600, 86_400, 30_000_000]);
      writeOver(world, 'clock', `${seconds < 0 ? '' : '+'}${seconds}`);
      return () => writeOver(world, 'clock', '+0');
    },
  },
  'a package is updated in place': {
    weight: 1,
    inject(world, chance) {
      const version = chance.between(2, 1000);
      writeOver(world, 'node_modules/versioned/index.js', packageText(version));
      return nothing;
    },
  },
  'a package is half installed': {
    weight: 1,
    inject(world) {
      const at = join(world.directory, 'node_modules');
      try {
        renameSync(join(at, 'versioned'), join(at, '.versioned'));
      } catch {
        // It is half installed already.
        return nothing;
      }
      return () => renameSync(join(at, '.versioned'), join(at, 'versioned'));
    },
  },
  reload: { weight: 3, inject: toArbiter('SIGHUP') },
  upgrade: {
    weight: 2,
    inject(world) {
      const [old = 0, ...others] = world.arbiters();
      // One at a time.
      if (others.length > 0) return nothing;
      signal(old, 'SIGUSR2');
      // It waits until the new one serves, and goes on where that never does.
      return () => {
        if (world.arbiters().length > 1) signal(old, 'SIGTERM');
      };
    },
  },
  'log rotation': { weight: 1, inject: toArbiter('SIGUSR1') },
  'one worker more': { weight: 1, inject: toArbiter('SIGTTIN') },
  'one worker fewer': { weight: 1, inject: toArbiter('SIGTTOU') },
  'a worker is replaced': {
    weight: 2,
    inject(world, chance) {
      const fraction = chance.fraction();
      const workers = world.workers();
      const pid = workers[Math.floor(fraction * workers.length)];
      if (pid !== undefined) signal(pid, 'SIGTERM');
      return nothing;
    },
  },
} as const satisfies Readonly<Record<string, Fault>>;

export type FaultName = keyof typeof faults;

/** Writes a file beside and renames it; where the disk is full nothing changes. */
function writeOver({ directory }: World, name: string, text: string): void {
  const beside = join(directory, `${name}.new`);
  try {
    writeFileSync(beside, text);
    renameSync(beside, join(directory, name));
  } catch {
    rmSync(beside, { force: true });
  }
}

const KILLS: readonly FaultName[] = ['a worker is killed', 'the arbiter is killed', 'memory is short'];

/** The names and weights of those that this world has. */
export function drawn({ means, hasFakeClock }: World): Readonly<Partial<Record<FaultName, number>>> {
  const without: readonly FaultName[] = hasFakeClock ? KILLS : ['the clock jumps'];
  const entries = Object.entries(possible(means)) as [FaultName, number][];
  return Object.fromEntries(entries.filter(([name]) => !without.includes(name)));
}

/** The names and weights of those that can be injected here. */
export function possible(means: Means): Readonly<Partial<Record<FaultName, number>>> {
  const entries = Object.entries(faults) as [FaultName, Fault][];
  return Object.fromEntries(
    entries
      .filter(([, { needs }]) => needs === undefined || means[needs])
      .map(([name, { weight }]) => [name, weight]),
  );
}
