import { describe, expect, it } from 'vitest';
import { CompanionsWorld, everyMs, planOf } from './companions-world.ts';

describe('a companion that always runs', () => {
  it('has as many processes as are wanted, each told its place and generation', () => {
    const world = new CompanionsWorld();
    world.run(1, planOf('jobs', { count: 2 }), planOf('poller'));
    expect(world.running).toEqual(['jobs 0 1', 'jobs 1 1', 'poller 0 1']);
    expect(world.children[0]?.options).toMatchObject({ detached: true });
    world.look();
    expect(world.children).toHaveLength(3);
  });

  it('is in the status, with the state of each of its processes', async () => {
    const world = new CompanionsWorld();
    world.run(1, planOf('jobs', { count: 2 }), planOf('tick', { timetable: everyMs(60_000) }));
    world.says(0, 'companionReady');
    await world.exits(1, 1);
    await world.exits(2, 1);
    const ready = { pid: 1001, index: 0, generation: 1, state: 'ready' };
    expect(world.companions.statuses).toEqual([
      { name: 'jobs', wanted: 2, nextRun: null, processes: [ready] },
      { name: 'tick', wanted: 0, nextRun: '2026-06-01T00:01:00.000Z', processes: [] },
    ]);
    world.end();
    expect(world.companions.statuses[0]?.processes).toEqual([{ ...ready, state: 'ending' }]);
  });

  it('is started again at once after a long life, and later and later after short ones', async () => {
    const world = new CompanionsWorld();
    world.run(1, planOf('poller'));
    await world.pass(6000);
    await world.exits(0, 1);
    expect(world.running).toEqual(['poller 0 1']);
    await world.exits(1, 1);
    expect(world.running).toEqual(['poller 0 1']);
    await world.exits(2, 1);
    expect(world.running).toEqual([]);
    await world.pass(600);
    expect(world.running).toEqual(['poller 0 1']);
    await world.exits(3, 1);
    await world.pass(800);
    expect(world.running).toEqual([]);
    await world.pass(400);
    expect(world.running).toEqual(['poller 0 1']);
  });

  it('whose program is gone is tried again', async () => {
    const world = new CompanionsWorld();
    world.run(1, planOf('poller', { childSpec: () => ({ command: ['x'] }) }));
    await world.exits(0, 'SIGSEGV');
    expect(world.said).toMatch(
      /ERROR Companion poller \(pid: 1001\) crashed with SIGSEGV .*; next start at once/,
    );
  });

  it('is replaced place by place, each when the one before has lasted, and never has more processes', async () => {
    const world = new CompanionsWorld();
    const plan = planOf('jobs', { count: 2 });
    world.run(1, plan);
    await world.pass(6000);
    world.run(2, plan);
    expect(world.signals).toEqual(['TERM 1001']);
    expect(world.running).toEqual(['jobs 0 1', 'jobs 1 1']);
    await world.exits(0);
    expect(world.running).toEqual(['jobs 1 1', 'jobs 0 2']);
    await world.pass(4000);
    expect(world.signals).toHaveLength(1);
    await world.pass(1500);
    expect(world.signals).toEqual(['TERM 1001', 'TERM 1002']);
    await world.exits(1);
    expect(world.running).toEqual(['jobs 0 2', 'jobs 1 2']);
  });

  it('goes on to the next place when the process says that it is ready', async () => {
    const world = new CompanionsWorld();
    const plan = planOf('jobs', { count: 2 });
    world.run(1, plan);
    await world.pass(6000);
    world.run(2, plan);
    await world.exits(0);
    world.says(2, 'companionReady');
    expect(world.signals).toEqual(['TERM 1001', 'TERM 1002']);
  });

  it('whose new version fails says that the old one has ended, and keeps it in the other places', async () => {
    const world = new CompanionsWorld();
    const plan = planOf('jobs', { count: 2 });
    world.run(1, plan);
    await world.pass(6000);
    world.run(2, plan);
    await world.exits(0);
    await world.exits(2, 1);
    expect(world.said).toMatch(
      /Companion jobs 0 \(pid: 1003\) exited with status 1 after 0.0 s; next start at once; the version before it has ended, so nothing runs in its place/,
    );
    await world.exits(3, 1);
    await world.pass(400);
    expect(world.running).toEqual(['jobs 1 1']);
    // The reload after that is tried at once.
    world.run(3, plan);
    expect(world.running).toEqual(['jobs 1 1', 'jobs 0 3']);
  });

  it('has fewer processes, or none, where a reload says so', async () => {
    const world = new CompanionsWorld();
    world.run(1, planOf('jobs', { count: 2 }), planOf('poller'));
    await world.pass(6000);
    world.run(2, planOf('jobs'));
    // The first is replaced, the others are not wanted any more.
    expect(world.signals.toSorted()).toEqual(['TERM 1001', 'TERM 1002', 'TERM 1003']);
    for (const order of [0, 1, 2]) await world.exits(order);
    await world.pass(100);
    expect(world.running).toEqual(['jobs 0 2']);
  });
});

describe('the end of companions', () => {
  it('is by TERM to their groups, and by KILL after the grace period', async () => {
    const world = new CompanionsWorld();
    world.run(1, planOf('poller', { graceMs: 3000 }));
    world.end();
    expect(world.signals).toEqual(['TERM 1001']);
    await world.pass(2900);
    expect(world.signals).toHaveLength(1);
    await world.pass(200);
    expect(world.signals).toEqual(['TERM 1001', 'KILL 1001']);
    await world.exits(0, 'SIGKILL');
    expect(world.companions.groups).toEqual([]);
    expect(world.said).toMatch(/WARNING Companion poller .* was killed by the arbiter: did not end within/);
  });

  it('is sooner where the service stops quickly, and at once where it is forced', async () => {
    const world = new CompanionsWorld();
    world.run(1, planOf('poller'));
    world.end();
    world.end('quick');
    await world.pass(2100);
    expect(world.signals).toEqual(['TERM 1001', 'KILL 1001']);
    const other = new CompanionsWorld();
    other.run(1, planOf('poller'));
    other.end('forced');
    expect(other.signals).toEqual(['KILL 1001']);
  });

  it('is over when no process of the group is left, and nothing is started before', async () => {
    const world = new CompanionsWorld();
    const plan = planOf('poller', { graceMs: 3000 });
    world.run(1, plan);
    world.others.add(1001);
    await world.exits(0);
    expect(world.signals).toEqual(['TERM 1001']);
    await world.pass(1000);
    expect(world.running).toEqual([]);
    await world.pass(2100);
    expect(world.signals).toEqual(['TERM 1001', 'KILL 1001']);
    world.others.delete(1001);
    await world.pass(200);
    expect(world.running).toEqual(['poller 0 1']);
  });

  it('is taken for over where what is left cannot be killed, as it is dead and nobody reaps it', async () => {
    const world = new CompanionsWorld();
    world.run(1, planOf('poller', { graceMs: 1000 }));
    world.others.add(1001);
    await world.exits(0);
    world.end();
    await world.pass(2500);
    expect(world.companions.groups).toEqual([]);
  });
});

describe('a companion that sends heartbeats', () => {
  it('is killed and started again where they stop', async () => {
    const world = new CompanionsWorld();
    world.run(1, planOf('poller', { beatMs: 5000 }));
    await world.pass(20_000);
    expect(world.signals).toEqual([]);
    world.says(0, 'companionBeat');
    await world.pass(4000);
    world.says(0, 'companionBeat');
    await world.pass(4000);
    expect(world.signals).toEqual([]);
    await world.pass(1100);
    expect(world.signals).toEqual(['KILL 1001']);
    await world.exits(0, 'SIGKILL');
    expect(world.said).toMatch(/killed by the arbiter: silent for 5.0 s \(timeout\)/);
    expect(world.running).toEqual(['poller 0 1']);
  });

  it('is not killed because the arbiter was stopped', async () => {
    const world = new CompanionsWorld();
    world.run(1, planOf('poller', { beatMs: 5000 }));
    world.says(0, 'companionBeat');
    await world.clock.oversleep(60_000);
    world.look();
    world.says(0, 'companionBeat');
    world.look();
    expect(world.signals).toEqual([]);
  });
});

describe('what an arbiter that has died left behind', () => {
  it('is ended before anything is started', async () => {
    const world = new CompanionsWorld();
    world.others.add(77);
    world.companions.adopt([77, 78], 2000);
    expect(world.signals).toEqual(['TERM 77']);
    world.run(1, planOf('poller'));
    expect(world.running).toEqual([]);
    expect(world.companions.groups).toEqual([77]);
    await world.pass(2100);
    expect(world.signals).toContain('KILL 77');
    world.others.delete(77);
    await world.pass(200);
    expect(world.running).toEqual(['poller 0 1']);
  });
});
