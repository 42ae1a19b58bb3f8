import { describe, expect, it } from 'vitest';
import { get } from '../support/client.ts';
import { startLoad } from '../support/load.ts';
import { refusal } from '../support/refusal.ts';
import { app, type Running, serve } from '../support/tsunicorn.ts';

const leaks = app('leaks.ts:app');

/** Looks at the processes all the time until none of `old` is left; returns the fewest that lived at once. */
async function untilReplaced(running: Running, old: readonly number[]): Promise<number> {
  let fewest = Infinity;
  await running.waitFor(() => {
    const now = running.workers();
    fewest = Math.min(fewest, now.length);
    return !now.some((pid) => old.includes(pid));
  }, 'the old workers to be gone');
  return fewest;
}

describe('workers that are recycled', () => {
  it.each([
    ['async', 2],
    ['sync', 1],
    ['thread', 1],
  ])('of class %s by their requests lose none under load', async (kind, count) => {
    const limits = ['--max-requests', '200', '--reload-batch', '2'];
    const running = await serve([leaks, '-w', `${count}`, '-k', kind, '--threads', '1', ...limits]);
    const old = await running.waitForWorkers(count);
    const load = startLoad({ url: running.at }, 8);
    const fewest = await untilReplaced(running, old);
    const { failures, refused, answered } = await load.stop();
    expect({ failures, refused }).toEqual({ failures: [], refused: 0 });
    expect(answered).toBeGreaterThan(200 * count);
    expect(fewest).toBeGreaterThanOrEqual(count);
    const due = /will be replaced: served \d+ requests \(--max-requests 200, jitter 20\)/g;
    expect(running.stderr.match(due)?.length).toBeGreaterThanOrEqual(count);
  });

  it('by their lifetime go when another is there', async () => {
    const running = await serve([leaks, '--max-lifetime', '0.3', '--max-lifetime-jitter', '0']);
    expect(await untilReplaced(running, running.workers())).toBeGreaterThanOrEqual(1);
    expect(running.stderr).toMatch(/will be replaced: lived for 0\.3 s \(--max-lifetime 0\.3, jitter 0\)/);
  });

  it('by their memory answer until another does', async () => {
    const running = await serve([leaks, '--max-memory', '200M', '--timeout', '1']);
    const [leaky] = running.workers();
    const load = startLoad({ url: running.at }, 2);
    for (let i = 0; i < 3; i++) expect((await get(running.at, '/leak')).body).toBe(`${leaky}`);
    await running.waitForLog(/will be replaced: uses [23]\d\dM of memory \(--max-memory 200M\)/);
    await running.waitForLog(new RegExp(`Worker exiting \\(pid: ${leaky}\\): uses`));
    expect(await load.stop()).toMatchObject({ failures: [], refused: 0 });
    expect((await get(running.at)).body).toBe(`${running.workers()[0]}`);
  });

  it('refuse a unit that there is not', async () => {
    expect(await refusal([leaks, '--max-memory', '512X'])).toMatch(
      /^--max-memory: expected a size of at least 16M, such as 512M or 1\.5G, or a percentage .*, got "512X"$/,
    );
  });
});

describe('--worker-heap', () => {
  it('limits the heap of the workers, and the log says so', async () => {
    const running = await serve([leaks, '--worker-heap', '100M']);
    // The young generation comes on top, the more of it the larger the machine; Node itself would allow thousands.
    const limit = Number((await get(running.at, '/limit')).body);
    expect(limit).toBeGreaterThanOrEqual(100);
    expect(limit).toBeLessThan(500);
    expect(running.stderr).toMatch(/Heap of each worker: at most 100M \(--worker-heap\)/);
  });
});
