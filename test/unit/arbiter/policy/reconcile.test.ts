import { describe, expect, it } from 'vitest';
import { type Desired, reconcile } from '../../../../src/arbiter/policy/reconcile.ts';
import type { WorkerSnapshot, WorkerState } from '../../../../src/arbiter/policy/worker-state.ts';

const limits = { bootMs: 60_000, heartbeatMs: 30_000, graceMs: 30_000 };
const desired: Desired = {
  workers: 2,
  spares: 0,
  purpose: 'serving',
  generation: 1,
  canary: null,
  spawnAfterMs: 0,
  surge: 1,
  replaceAfterMs: 0,
  retirePurpose: 'replace',
};

function worker(
  age: number,
  state: WorkerState,
  generation = 1,
  slot: number | null = age - 1,
): WorkerSnapshot {
  return { age, slot, generation, limits, state };
}
const ready: WorkerState = { name: 'ready', sinceMs: 0, heartbeatMs: 0, outgoing: null };
const booting: WorkerState = { name: 'booting', sinceMs: 0 };
const spawning: WorkerState = { name: 'spawning', sinceMs: 0 };
const retiring: WorkerState = {
  name: 'retiring',
  reason: 'x',
  purpose: 'replace',
  killAtMs: 31_000,
};
/** A service that stops. */
const stop = { purpose: 'stopping', workers: 0 } satisfies Partial<Desired>;

function actions(want: Partial<Desired>, workers: readonly WorkerSnapshot[], now = 0): string[] {
  return reconcile({ ...desired, ...want }, workers, now).actions.map((action) => {
    if (action.type === 'spawn') return `spawn slot ${action.slot} of generation ${action.generation}`;
    if (action.type === 'hasten') return `hasten ${action.age}: ${action.purpose}`;
    return action.type === 'kill' ? `${action.signal} ${action.age}` : `retire ${action.age}`;
  });
}

describe('a service that starts', () => {
  it('spawns every worker at once', () => {
    expect(actions({ workers: 3 }, [])).toEqual([
      'spawn slot 0 of generation 1',
      'spawn slot 1 of generation 1',
      'spawn slot 2 of generation 1',
    ]);
  });

  it('counts workers that still boot', () => {
    expect(actions({}, [worker(1, spawning), worker(2, booting)])).toEqual([]);
  });

  it('spawns for the slot that nobody has, although the one who had it still retires', () => {
    expect(actions({}, [worker(1, retiring), worker(2, ready)])).toEqual(['spawn slot 0 of generation 1']);
    expect(actions({ workers: 3 }, [worker(1, ready), worker(3, ready)])).toEqual([
      'spawn slot 1 of generation 1',
    ]);
  });
});

describe('a rolling replacement', () => {
  it('boots one worker more than wanted before it touches an old one', () => {
    const old = [worker(1, ready), worker(2, ready)];
    expect(actions({ generation: 2 }, old)).toEqual(['spawn slot 0 of generation 2']);
    expect(actions({ generation: 2 }, [...old, worker(3, booting, 2, 0)])).toEqual([]);
  });

  it('begins with the slot of the oldest', () => {
    const old = [worker(8, ready, 1, 0), worker(7, ready, 1, 1)];
    expect(actions({ generation: 2 }, old)).toEqual(['spawn slot 1 of generation 2']);
  });

  it('retires a worker once its replacement, in the same slot, is ready', () => {
    const workers = [worker(1, ready), worker(2, ready), worker(3, ready, 2, 0)];
    expect(actions({ generation: 2 }, workers)).toEqual(['retire 1']);
    const others = [worker(1, ready), worker(2, ready), worker(3, ready, 2, 1)];
    expect(actions({ generation: 2 }, others)).toEqual(['retire 2']);
  });

  it('of two in a slot, neither as wanted, retires the older one', () => {
    const workers = [worker(1, ready), worker(2, ready), worker(3, ready, 2, 0)];
    expect(actions({ generation: 3 }, workers)).toEqual(['retire 1']);
  });

  it('never retires below the number wanted, whoever dies meanwhile', () => {
    const workers = [worker(2, ready), worker(3, ready, 2, 0)];
    expect(actions({ generation: 2 }, workers)).toEqual(['spawn slot 1 of generation 2']);
  });

  it('gives up the boot that has come least far: of those that boot the youngest, and last one that stands by', () => {
    const standby: WorkerState = { name: 'standby', sinceMs: 0, heartbeatMs: 0 };
    const some = [worker(1, ready), worker(2, booting, 1, null), worker(3, spawning, 1, null)];
    expect(actions({ workers: 1, spares: 1 }, some)).toEqual(['retire 3']);
    expect(actions({ workers: 1 }, some)).toEqual(['retire 3', 'retire 2']);
    const others = [worker(1, ready), worker(2, standby, 1, null), worker(3, spawning, 1, null)];
    expect(actions({ workers: 1, spares: 1 }, others)).toEqual(['retire 3']);
    expect(actions({ workers: 1 }, others)).toEqual(['retire 3', 'retire 2']);
  });

  it('gives up a boot where fewer are wanted meanwhile, rather than be more than the surge allows', () => {
    const workers = [
      ...[worker(1, ready), worker(2, ready)],
      ...[worker(3, booting, 2, 0), worker(4, spawning, 2, 1)],
    ];
    expect(actions({ generation: 2, workers: 3 }, workers)).toEqual([]);
    expect(actions({ generation: 2, workers: 2 }, workers)).toEqual(['retire 4']);
    expect(actions({ generation: 2, workers: 2 }, workers.slice(0, 3))).toEqual([]);
  });

  it('replaces as many at a time as the surge says, and no more than that', () => {
    const old = [1, 2, 3, 4].map((age) => worker(age, ready));
    const want = { workers: 4, generation: 2, surge: 3 };
    expect(actions(want, old)).toHaveLength(3);
    const young = [5, 6, 7].map((age) => worker(age, booting, 2, age - 5));
    expect(actions(want, [...old, ...young])).toEqual([]);
    // One is ready: one old goes, and the last that is missing comes, which makes seven again.
    const [first, ...others] = young.map(({ age, slot }, index) =>
      worker(age, index === 0 ? ready : booting, 2, slot),
    );
    expect(actions(want, [...old, ...(first ? [first] : []), ...others])).toEqual(['retire 1']);
    expect(actions(want, [...old.slice(1), ...(first ? [first] : []), ...others])).toEqual([
      'spawn slot 3 of generation 2',
    ]);
  });

  it('lets those that ask to be replaced queue up', () => {
    const outgoing: WorkerState = { name: 'ready', sinceMs: 0, heartbeatMs: 0, outgoing: 'old' };
    const all = [1, 2, 3, 4].map((age) => worker(age, outgoing));
    expect(actions({ workers: 4, surge: 2 }, all)).toHaveLength(2);
    const two = [worker(5, booting, 1, 0), worker(6, booting, 1, 1)];
    expect(actions({ workers: 4, surge: 2 }, [...all, ...two])).toEqual([]);
    const one = [worker(5, booting, 1, 0), worker(6, ready, 1, 1)];
    expect(actions({ workers: 4, surge: 2 }, [...all, ...one])).toEqual(['retire 2']);
  });

  it('holds back those that ask for it before their time, and wakes for that', () => {
    const outgoing: WorkerState = { name: 'ready', sinceMs: 0, heartbeatMs: 0, outgoing: 'old' };
    const all = [worker(1, ready), worker(2, outgoing), worker(3, ready)];
    const plan = reconcile({ ...desired, workers: 3, replaceAfterMs: 500 }, all, 100);
    expect(plan).toEqual({ actions: [], wakeAtMs: 500 });
    expect(actions({ workers: 3, replaceAfterMs: 500 }, all, 500)).toEqual(['spawn slot 1 of generation 1']);
  });

  it('replaces a worker that asks for it without touching the others', () => {
    const outgoing: WorkerState = { name: 'ready', sinceMs: 0, heartbeatMs: 0, outgoing: 'SIGTERM' };
    expect(actions({}, [worker(1, ready), worker(2, outgoing)])).toEqual(['spawn slot 1 of generation 1']);
    const workers = [worker(1, ready), worker(2, outgoing), worker(3, ready, 1, 1)];
    expect(actions({}, workers)).toEqual(['retire 2']);
  });

  it('sends home at once what still boots of another generation', () => {
    const workers = [worker(1, ready), worker(2, ready), worker(3, booting, 2)];
    expect(actions({ generation: 3 }, workers)).toContain('retire 3');
  });
});

describe('a canary', () => {
  it('is one worker beside the old ones, however many are wanted', () => {
    const old = [worker(1, ready), worker(2, ready)];
    expect(actions({ canary: 2 }, old)).toEqual(['spawn slot 0 of generation 2']);
    expect(actions({ canary: 2 }, [...old, worker(3, booting, 2, 0)])).toEqual([]);
  });

  it('does not keep a dead worker of the old generation from being replaced by its like', () => {
    expect(actions({ canary: 2 }, [worker(1, ready), worker(3, booting, 2, 0)])).toEqual([
      'spawn slot 1 of generation 1',
    ]);
    expect(actions({ canary: 2 }, [worker(2, ready), worker(3, booting, 2, 0)])).toEqual([
      'spawn slot 0 of generation 1',
    ]);
  });

  it('lets one worker more be wanted at once', () => {
    const workers = [worker(1, ready), worker(2, ready), worker(3, booting, 2, 0)];
    expect(actions({ canary: 2, workers: 3 }, workers)).toEqual(['spawn slot 2 of generation 1']);
  });
});

describe('a changed number of workers', () => {
  it('retires the highest slots when fewer are wanted, whatever their ages', () => {
    const three = [worker(7, ready, 1, 1), worker(8, ready, 1, 2), worker(9, ready, 1, 0)];
    expect(actions({ workers: 2 }, three)).toEqual(['retire 8']);
    expect(actions({ workers: 1 }, three)).toEqual(['retire 8', 'retire 7']);
  });

  it('keeps a surplus worker until the slots that stay have theirs', () => {
    const served = [worker(2, ready), worker(3, ready)];
    expect(actions({}, served)).toEqual(['spawn slot 0 of generation 1']);
    expect(actions({}, [...served, worker(4, booting, 1, 0)])).toEqual([]);
    expect(actions({}, [...served, worker(4, ready, 1, 0)])).toEqual(['retire 3']);
  });

  it('retires a surplus worker of the generation that serves before an outdated one that is alone in its slot', () => {
    const workers = [worker(1, ready), worker(3, ready, 2, 1), worker(4, ready, 2, 2)];
    expect(actions({ generation: 2 }, workers)).toEqual(['retire 4']);
  });

  it('sends home what still boots before anything that serves', () => {
    expect(actions({ workers: 1 }, [worker(1, ready), worker(2, booting)])).toEqual(['retire 2']);
  });

  it('retires all, booting or not, when the service stops', () => {
    expect(actions(stop, [worker(2, booting), worker(3, spawning)]).sort()).toEqual(['retire 2', 'retire 3']);
    expect(actions(stop, [worker(1, ready), worker(4, ready)])).toEqual(['retire 4', 'retire 1']);
  });
});

describe('a crash loop', () => {
  it('spawns nothing before its time and says when to look again', () => {
    const plan = reconcile({ ...desired, spawnAfterMs: 700 }, [worker(1, ready)], 100);
    expect(plan.actions).toEqual([]);
    expect(plan.wakeAtMs).toBe(700);
  });

  it('then tries one worker, not all of them', () => {
    expect(actions({ workers: 4, spawnAfterMs: 700 }, [worker(1, ready)], 800)).toHaveLength(1);
    expect(actions({ workers: 4, spawnAfterMs: 700 }, [worker(1, ready), worker(2, booting)], 800)).toEqual(
      [],
    );
  });
});

describe('deadlines', () => {
  it('kills a worker that is not ready in time', () => {
    expect(actions({}, [worker(1, ready), worker(2, booting)], 29_999)).toEqual([]);
    expect(actions({ workers: 1 }, [worker(2, { name: 'spawning', sinceMs: 0 })], 60_000)[0]).toBe(
      'SIGKILL 2',
    );
  });

  it('aborts a silent worker, then kills it, and replaces it at once', () => {
    expect(actions({}, [worker(1, ready), worker(2, { ...ready, heartbeatMs: 5 })], 30_000)).toEqual([
      'SIGABRT 1',
      'spawn slot 0 of generation 1',
    ]);
    const killed: WorkerState = { name: 'killed', reason: 'silent', escalateAtMs: 31_000, cause: 'silent' };
    expect(actions(stop, [worker(1, killed)], 30_500)).toEqual([]);
    expect(actions(stop, [worker(1, killed)], 31_000)).toEqual(['SIGKILL 1']);
  });

  it('kills a retiring worker that outlives its grace', () => {
    expect(actions(stop, [worker(1, retiring)], 30_999)).toEqual([]);
    expect(actions(stop, [worker(1, retiring)], 31_000)).toEqual(['SIGKILL 1']);
  });

  it('never wakes for limits that are off', () => {
    const free = { bootMs: Infinity, heartbeatMs: Infinity, graceMs: 0 };
    const workers = [
      { ...worker(1, ready), limits: free },
      { ...worker(2, ready), limits: free },
    ];
    expect(reconcile(desired, workers, 1e12)).toEqual({ actions: [], wakeAtMs: Infinity });
  });

  it('wakes for the earliest', () => {
    const workers = [worker(1, { ...ready, heartbeatMs: 200 }), worker(2, { ...ready, heartbeatMs: 100 })];
    expect(reconcile(desired, workers, 300).wakeAtMs).toBe(30_100);
  });
});

describe('a service that stops', () => {
  it('retires what serves only when no process holds the sockets without accepting', () => {
    const cancelled: WorkerState = { name: 'cancelled', reason: 'x', killAtMs: 2000 };
    expect(actions(stop, [worker(1, ready), worker(2, booting)])).toEqual(['retire 2']);
    expect(actions(stop, [worker(1, ready), worker(2, cancelled)])).toEqual([]);
    expect(actions(stop, [worker(1, ready), worker(2, retiring)])).toEqual(['retire 1']);
  });
});

describe('workers that retire', () => {
  const serving = [worker(8, ready, 1, 0), worker(9, ready, 1, 1)];
  const waiting = [1, 2, 3].map((age) => worker(age, retiring));

  it('may wait for their clients, as many as a generation has', () => {
    expect(actions({}, [...waiting.slice(1), ...serving])).toEqual([]);
  });

  it('are hurried beyond that, the oldest first, and once', () => {
    expect(actions({}, [...waiting, ...serving])).toEqual(['hasten 1: hurry']);
    const hurried = { ...retiring, purpose: 'hurry' } as const;
    expect(actions({}, [worker(1, hurried), ...waiting.slice(1), ...serving])).toEqual([]);
  });

  it('are not hurried while the service rests, which wants no workers', () => {
    expect(actions({ purpose: 'resting', workers: 0 }, waiting)).toEqual([]);
  });

  it('are told when the service ends, whatever they went for before', () => {
    const hurried = worker(1, { ...retiring, purpose: 'hurry' });
    const told = worker(3, { ...retiring, purpose: 'stop' });
    const all = [hurried, worker(2, retiring), told];
    expect(actions({ ...stop, retirePurpose: 'stop' }, all)).toEqual(['hasten 1: stop', 'hasten 2: stop']);
  });

  it('go for what is wanted at that time', () => {
    const { actions } = reconcile({ ...desired, ...stop, retirePurpose: 'stop' }, serving, 0);
    expect(actions).toMatchObject([{ purpose: 'stop' }, { purpose: 'stop' }]);
  });
});
