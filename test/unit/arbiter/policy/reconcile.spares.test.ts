import { describe, expect, it } from 'vitest';
import { type Desired, reconcile } from '../../../../src/arbiter/policy/reconcile.ts';
import type { WorkerSnapshot, WorkerState } from '../../../../src/arbiter/policy/worker-state.ts';
import { booting, desired, opening, outgoing, ready, standby, World, worker } from '../spares-world.ts';

function actions(want: Partial<Desired>, workers: readonly WorkerSnapshot[], now = 0): string[] {
  return reconcile({ ...desired, ...want }, workers, now).actions.map((action) => {
    if (action.type === 'spawn') return `spawn generation ${action.generation}`;
    return action.type === 'kill' ? `${action.signal} ${action.age}` : `${action.type} ${action.age}`;
  });
}

describe('spare workers', () => {
  it('are spawned with the others, and stand by once enough of these serve', () => {
    expect(actions({}, [])).toEqual(new Array(3).fill('spawn generation 1'));
    expect(actions({}, [worker(1, booting), worker(2, standby), worker(3, booting)])).toEqual(['accept 2']);
    expect(actions({}, [worker(1, opening), worker(2, opening), worker(3, standby)])).toEqual([]);
    expect(actions({}, [worker(1, ready), worker(2, ready), worker(3, standby)])).toEqual([]);
  });

  it('take the place of one that is gone, the oldest first', () => {
    const workers = [worker(2, ready), worker(4, standby), worker(3, standby)];
    expect(actions({ spares: 2 }, workers)).toEqual(['accept 3']);
  });

  it('are called once for one place, and followed by another that boots when they serve', () => {
    const others = [worker(1, ready), worker(3, standby)];
    expect(actions({ spares: 2 }, [...others, worker(2, opening)])).toEqual([]);
    expect(actions({ spares: 2 }, [...others, worker(2, ready)])).toEqual(['spawn generation 1']);
  });

  it('do not keep one from being spawned that is needed to serve', () => {
    expect(actions({ workers: 3 }, [worker(1, ready), worker(2, standby)])).toEqual([
      'accept 2',
      'spawn generation 1',
    ]);
  });

  it('take the place of a silent one while that is killed', () => {
    const silent: WorkerState = { ...ready, heartbeatMs: -30_000 };
    expect(actions({}, [worker(1, ready), worker(2, silent), worker(3, standby)])).toEqual([
      'SIGABRT 2',
      'accept 3',
    ]);
  });

  it('take the place of an outgoing worker before that retires', () => {
    const before = [worker(1, ready), worker(2, outgoing)];
    expect(actions({}, [...before, worker(3, standby)])).toEqual(['accept 3']);
    expect(actions({}, [...before, worker(3, opening, 1, 1)])).toEqual([]);
    expect(actions({}, [...before, worker(3, ready, 1, 1)])).toEqual(['retire 2', 'spawn generation 1']);
  });

  it('have no slot until one calls them: the lowest that nobody has, then that of one to be replaced', () => {
    const slots = (...workers: WorkerSnapshot[]) =>
      reconcile({ ...desired, workers: 3 }, workers, 0).actions.flatMap((action) =>
        action.type === 'accept' ? [[action.age, action.slot]] : [],
      );
    const serving = [worker(3, ready), worker(1, outgoing)];
    expect(slots(...serving, worker(5, standby), worker(6, standby))).toEqual([
      [5, 1],
      [6, 0],
    ]);
  });

  it('stand by while outgoing workers are held back', () => {
    const workers = [worker(1, ready), worker(2, outgoing), worker(3, standby)];
    expect(actions({ replaceAfterMs: 700 }, workers, 100)).toEqual([]);
    expect(actions({ replaceAfterMs: 700 }, workers, 700)).toEqual(['accept 3']);
  });

  it('serve at once when more workers are wanted', () => {
    const workers = [worker(1, ready), worker(2, ready), worker(3, standby)];
    expect(actions({ workers: 3 }, workers)).toEqual(['accept 3']);
  });

  it('stay when fewer workers are wanted', () => {
    const workers = [worker(1, ready), worker(2, ready), worker(3, standby)];
    expect(actions({ workers: 1 }, workers)).toEqual(['retire 2']);
  });

  it('are called although a crash loop holds spawns back, and are not what it waits for', () => {
    const workers = [worker(1, ready), worker(2, standby)];
    expect(actions({ spawnAfterMs: 700 }, workers, 100)).toEqual(['accept 2']);
    expect(actions({ workers: 1, spares: 2, spawnAfterMs: 700 }, workers, 800)).toEqual([
      'spawn generation 1',
    ]);
  });

  it('are supervised: heartbeats while they stand by, the boot time limit while they open', () => {
    const two = [worker(1, { ...ready, heartbeatMs: 1e9 }), worker(2, { ...ready, heartbeatMs: 1e9 })];
    expect(actions({}, [...two, worker(3, standby)], 29_999)).toEqual([]);
    expect(actions({}, [...two, worker(3, standby)], 30_000)[0]).toBe('SIGABRT 3');
    expect(actions({}, [...two, worker(3, opening)], 60_000)[0]).toBe('SIGKILL 3');
  });
});

describe('spare workers in a reload', () => {
  const old = [worker(1, ready), worker(2, ready), worker(3, standby)];

  it('leave the proof to a canary, which accepts as soon as it can', () => {
    expect(actions({ canary: 2 }, old)).toEqual(['spawn generation 2']);
    expect(actions({ canary: 2 }, [...old, worker(4, standby, 2)])).toEqual(['accept 4']);
    expect(actions({ canary: 2 }, [...old, worker(4, opening, 2)])).toEqual([]);
  });

  it('replace a worker that dies while the canary boots', () => {
    expect(actions({ canary: 2 }, [worker(1, ready), worker(3, standby), worker(4, booting, 2)])).toEqual([
      'accept 3',
    ]);
  });

  it('go at once when another generation has proved itself, and those of that one replace what serves', () => {
    const [, second] = old;
    expect(actions({ generation: 2 }, [...old, worker(4, ready, 2, 0)])).toEqual(['retire 1', 'retire 3']);
    const later = [second, worker(4, ready, 2, 0), worker(5, standby, 2)].filter((one) => one !== undefined);
    expect(actions({ generation: 2 }, later)).toEqual(['accept 5']);
  });

  it('that is undone go home, whether they stand by or open already', () => {
    const workers = [...old, worker(4, opening, 2), worker(5, standby, 3)];
    expect(actions({}, workers)).toEqual(['retire 4', 'retire 5']);
  });
});

describe('spare workers of a service that stops', () => {
  it('go first: they hold the sockets and would never answer', () => {
    const stop = { purpose: 'stopping', workers: 0, spares: 0 } satisfies Partial<Desired>;
    const serving = [worker(1, ready), worker(2, ready)];
    expect(actions(stop, [...serving, worker(3, standby)])).toEqual(['retire 3']);
    const cancelled: WorkerState = { name: 'cancelled', reason: 'x', killAtMs: 2000 };
    expect(actions(stop, [...serving, worker(3, cancelled)])).toEqual([]);
    expect(actions(stop, serving)).toEqual(['retire 2', 'retire 1']);
  });
});

describe('whatever happens', () => {
  const seeds = Array.from({ length: 200 }, (_, seed) => seed);

  it('no plan takes from what serves below the number wanted, nor lets too many live', () => {
    for (const seed of seeds) {
      const world = new World(seed);
      for (let step = 0; step < 150; step++) {
        const gone = world.happen();
        const { ready: served, living } = world;
        const said = () => `seed ${seed}: ${gone} gone\n${world.log.slice(-12).join('\n')}`;
        world.settle(() => {
          const { workers, spares } = world.want;
          expect(world.ready, said()).toBeGreaterThanOrEqual(Math.min(served, workers));
          expect(world.living, said()).toBeLessThanOrEqual(Math.max(living, workers + spares + 1) + 1);
        });
      }
    }
  });

  it('the service gets to the number wanted and its spares, all of the generation wanted', () => {
    for (const seed of seeds) {
      const world = new World(seed);
      for (let step = 0; step < 100; step++) world.happen();
      world.want = { ...world.want, canary: null };
      world.settle(() => {});
      for (let turn = 0; turn < 100; turn++) {
        for (const one of world.workers) world.getOn(one);
        world.settle(() => {});
      }
      const { workers, spares, generation } = world.want;
      const names = world.workers.map(({ state, generation: of }) => `${state.name} ${of}`).toSorted();
      expect(names, `seed ${seed}`).toEqual([
        ...new Array<string>(workers).fill(`ready ${generation}`),
        ...new Array<string>(spares).fill(`standby ${generation}`),
      ]);
    }
  });
});
