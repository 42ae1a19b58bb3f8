import { describe, expect, it } from 'vitest';
import { CompanionsWorld, everyMs, planOf } from './companions-world.ts';

const MINUTE = 60_000;
const minutely = planOf('tick', { timetable: everyMs(MINUTE) });

describe('a companion with a schedule', () => {
  it('runs when it is due, and not before', async () => {
    const world = new CompanionsWorld();
    world.run(1, minutely);
    await world.pass(59_000);
    expect(world.running).toEqual([]);
    await world.pass(1000);
    expect(world.running).toEqual(['tick 0 1']);
    await world.exits(0);
    expect(world.said).toMatch(
      /INFO Companion tick \(pid: 1001\) is done after 0.0 s; next run 2026-06-01T00:02:00.000Z/,
    );
    await world.pass(59_000);
    expect(world.children).toHaveLength(1);
    await world.pass(1000);
    expect(world.running).toEqual(['tick 0 1']);
  });

  it('is not tried again before the next time where it fails', async () => {
    const world = new CompanionsWorld();
    world.run(1, minutely);
    await world.pass(MINUTE);
    await world.exits(0, 2);
    expect(world.said).toMatch(/ERROR Companion tick \(pid: 1001\) exited with status 2 after/);
    await world.pass(50_000);
    expect(world.children).toHaveLength(1);
  });

  it('does not overlap itself, and says which run is left out', async () => {
    const world = new CompanionsWorld();
    world.run(1, minutely);
    await world.pass(2 * MINUTE);
    expect(world.children).toHaveLength(1);
    expect(world.said).toMatch(
      /WARNING Companion tick: the run of 2026-06-01T00:02:00.000Z is left out: the run before it has not ended \(pid: 1001\); next run 2026-06-01T00:03/,
    );
    await world.exits(0);
    await world.pass(MINUTE);
    expect(world.children).toHaveLength(2);
  });

  it('overlaps itself where it is told to', async () => {
    const world = new CompanionsWorld();
    world.run(1, { ...minutely, overlap: true });
    await world.pass(2 * MINUTE);
    expect(world.running).toHaveLength(2);
  });

  it('runs a little late after a stop of the arbiter, and says what was missed in a longer one', async () => {
    const world = new CompanionsWorld();
    world.run(1, minutely);
    await world.clock.oversleep(MINUTE + 20_000);
    world.look();
    expect(world.running).toEqual(['tick 0 1']);
    await world.exits(0);
    await world.clock.oversleep(5 * MINUTE + 20_000);
    world.look();
    expect(world.said).toMatch(
      /WARNING Companion tick: 5 runs until 2026-06-01T00:06:00.000Z are left out: the arbiter did not run at that time/,
    );
    expect(world.running).toEqual([]);
  });

  it('does not count every second of a long stop', async () => {
    const world = new CompanionsWorld();
    world.run(1, planOf('tick', { timetable: everyMs(1000) }));
    await world.clock.oversleep(30 * 24 * 3_600_000);
    world.look();
    expect(world.said).toMatch(/Companion tick: 10\d runs until/);
    expect(world.children.length).toBeLessThanOrEqual(1);
  });

  it('does not run twice where the clock is set back by an hour, and follows one that was wrong by more', async () => {
    const world = new CompanionsWorld();
    world.run(1, minutely);
    await world.pass(MINUTE);
    await world.exits(0);
    world.wrongMs = -3_600_000;
    await world.pass(30 * MINUTE);
    expect(world.children).toHaveLength(1);
    world.wrongMs = -24 * 3_600_000;
    await world.pass(2 * MINUTE);
    expect(world.children.length).toBeGreaterThan(1);
  });

  it('goes on in a reload, with the new schedule and the new version from the next run on', async () => {
    const world = new CompanionsWorld();
    world.run(1, minutely);
    await world.pass(MINUTE);
    world.run(2, { ...minutely, timetable: everyMs(5 * MINUTE) });
    expect(world.signals).toEqual([]);
    await world.exits(0);
    await world.pass(4 * MINUTE);
    expect(world.running).toEqual(['tick 0 2']);
    world.run(3);
    expect(world.signals).toEqual(['TERM 1002']);
  });

  it('begins as a schedule when what always ran has ended, and the other way round', async () => {
    const world = new CompanionsWorld();
    world.run(1, planOf('tick'));
    world.run(2, { ...minutely, timetable: everyMs(1000) });
    await world.pass(2000);
    expect(world.running).toEqual(['tick 0 1']);
    await world.exits(0);
    await world.pass(1000);
    expect(world.running).toEqual(['tick 0 2']);
    world.run(3, planOf('tick'));
    expect(world.running).toEqual(['tick 0 2']);
    await world.exits(1);
    expect(world.running).toEqual(['tick 0 3']);
  });

  it('that a reload has added misses nothing of the time before', async () => {
    const world = new CompanionsWorld();
    world.run(1);
    await world.pass(5 * MINUTE + 10_000);
    world.wanted = { ...world.wanted, assigned: [{ plan: minutely, generation: 2 }] } as typeof world.wanted;
    world.look();
    expect(world.said).not.toMatch(/left out/);
    expect(world.running).toEqual([]);
    await world.pass(50_000);
    expect(world.running).toEqual(['tick 0 2']);
  });

  it('misses nothing while nothing is wanted, and what another arbiter did not get to', async () => {
    const world = new CompanionsWorld();
    world.run(1, minutely);
    world.end();
    await world.pass(10 * MINUTE);
    world.run(1, minutely);
    expect(world.said).not.toMatch(/left out/);
    world.end();
    await world.pass(10 * MINUTE);
    world.wanted = {
      name: 'run',
      assigned: [{ plan: minutely, generation: 1 }],
      sinceMs: world.wallMs - 40_000,
    };
    world.look();
    expect(world.said).not.toMatch(/left out/);
    world.end();
    await world.pass(40_000);
    world.wanted = {
      name: 'run',
      assigned: [{ plan: minutely, generation: 1 }],
      sinceMs: world.wallMs - 41_000,
    };
    world.look();
    expect(world.said).toMatch(/the run of .* is left out/);
  });
});
