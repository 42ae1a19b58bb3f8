import { describe, expect, it } from 'vitest';
import { OomKills } from '../../../../src/arbiter/workers/oom-kills.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

/** A kernel with these files; what is not there throws, as readFileSync does. */
function kernel(files: Record<string, string>) {
  const clock = new FakeClock();
  const kills = new OomKills(clock, (path) => {
    const text = files[path];
    if (text === undefined) throw new Error(`ENOENT: ${path}`);
    return text;
  });
  return { files, kills, clock };
}

const EVENTS = '/sys/fs/cgroup/app.slice/memory.events';
const unified = (here: number, machine: number) => ({
  '/proc/self/cgroup': '0::/app.slice\n',
  [EVENTS]: `low 0\noom 3\noom_kill ${here}\noom_group_kill 0\n`,
  '/proc/vmstat': `nr_free_pages 1\noom_kill ${machine}\n`,
});

describe('the verdict on a SIGKILL', () => {
  it("is the group's killer where the group's counter rose, once for each kill", () => {
    const { files, kills } = kernel(unified(1, 7));
    Object.assign(files, unified(3, 9));
    expect([kills.judge(), kills.judge(), kills.judge()]).toEqual(['here', 'here', 'no']);
  });

  it("is the machine's killer where only the machine's counter rose", () => {
    const { files, kills } = kernel(unified(1, 7));
    Object.assign(files, unified(1, 8));
    expect([kills.judge(), kills.judge()]).toEqual(['machine', 'no']);
  });

  it("is the machine's killer for each of two that it ends at once, where only the machine counts", () => {
    const { files, kills } = kernel({ '/proc/vmstat': 'oom_kill 7\n' });
    files['/proc/vmstat'] = 'oom_kill 9\n';
    expect([kills.judge(), kills.judge(), kills.judge()]).toEqual(['machine', 'machine', 'no']);
  });

  it.each([
    ['the group', unified(1, 7), unified(3, 9), 'here'],
    ['the machine', unified(1, 7), unified(1, 9), 'machine'],
  ] as const)('counts no kill of %s for a worker that ends much later', (_whose, before, after, verdict) => {
    const { files, kills, clock } = kernel({ ...before });
    Object.assign(files, after);
    expect(kills.judge()).toBe(verdict);
    clock.block(3000);
    expect(kills.judge()).toBe('no');
  });

  it('begins again with a count that is smaller than before', () => {
    const { files, kills } = kernel(unified(5, 7));
    Object.assign(files, unified(0, 7));
    expect(kills.judge()).toBe('no');
    Object.assign(files, unified(1, 7));
    expect(kills.judge()).toBe('here');
  });

  it('is that it was not the kernel where no counter rose', () => {
    expect(kernel(unified(1, 7)).kills.judge()).toBe('no');
  });

  it('reads control groups of version 1 too', () => {
    const path = '/sys/fs/cgroup/memory/docker/abc/memory.oom_control';
    const { files, kills } = kernel({
      '/proc/self/cgroup': '4:cpu,cpuacct:/x\n3:memory:/docker/abc\n',
      [path]: 'oom_kill_disable 0\nunder_oom 0\noom_kill 0\n',
    });
    files[path] = 'oom_kill_disable 0\nunder_oom 0\noom_kill 1\n';
    expect(kills.judge()).toBe('here');
  });

  it('is missing where the kernel tells nothing', () => {
    expect(kernel({}).kills.judge()).toBeNull();
  });
});
