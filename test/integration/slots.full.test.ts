import { describe, expect, it } from 'vitest';
import { get } from '../support/client.ts';
import { type Running, serve } from '../support/tsunicorn.ts';

/** Says at its import which process it is, in which slot, of which generation; and answers with its pid. */
const APP = `
const { TSUNICORN_SLOT, TSUNICORN_GENERATION, NODE_APP_INSTANCE } = process.env;
console.error(JSON.stringify({ pid: process.pid, slot: TSUNICORN_SLOT ?? null, generation: TSUNICORN_GENERATION,
  instance: NODE_APP_INSTANCE ?? null }));
export const app = (request, response) => response.end(String(process.pid));
`;
const files = { 'app.mjs': APP };

interface Place {
  readonly pid: number;
  readonly slot: string | null;
  readonly generation: string;
  readonly instance: string | null;
}

/** What the workers that live have said. */
function places(running: Running): Place[] {
  const said = [...running.stderr.matchAll(/^\{"pid":.*\}$/gm)].map(([line]) => JSON.parse(line) as Place);
  const living = running.workers();
  return said.filter(({ pid }) => living.includes(pid));
}

/** Resolves when as many workers live, in the slots from 0 up, all of that generation and none of `gone`. */
function settled(running: Running, count: number, generation: number, gone: readonly number[] = []) {
  const wanted = Array.from({ length: count }, (_, slot) => `${slot} of ${generation}`).join();
  return running.waitFor(() => {
    const now = places(running);
    if (running.workers().length !== count || now.some(({ pid }) => gone.includes(pid))) return undefined;
    const is = now.map((one) => `${one.slot} of ${one.generation}`).toSorted();
    return is.join() === wanted ? now : undefined;
  }, `workers ${wanted}`);
}

describe('the slots of workers', () => {
  it('stay 0 and 1 over reloads, deaths and replacements, and each worker sees its own', async () => {
    const running = await serve(['app.mjs:app', '-w', '2'], { files });
    const first = await settled(running, 2, 1);
    expect(first.map(({ instance }) => instance).toSorted()).toEqual(['0', '1']);
    running.signal('SIGHUP');
    const second = await settled(running, 2, 2);
    running.signal('SIGHUP');
    const third = await settled(running, 2, 3);
    const [one, other] = third.map(({ pid }) => pid);
    process.kill(one ?? 0, 'SIGTERM');
    await settled(running, 2, 3, [one ?? 0]);
    process.kill(other ?? 0, 'SIGKILL');
    await settled(running, 2, 3, [one ?? 0, other ?? 0]);
    expect(second).toHaveLength(2);
  });

  it('grow by TTIN, and TTOU takes the highest', async () => {
    const running = await serve(['app.mjs:app', '-w', '2'], { files });
    await settled(running, 2, 1);
    running.signal('SIGTTIN');
    const three = await settled(running, 3, 1);
    running.signal('SIGTTOU');
    const two = await settled(running, 2, 1);
    expect(two).toEqual(three.filter(({ slot }) => slot !== '2'));
  });

  it('are in the environment beside what the settings set, and are not those of an outer service', async () => {
    const env = { NODE_APP_INSTANCE: '7', TSUNICORN_SLOT: '7', TSUNICORN_GENERATION: '7' };
    const plain = await serve(['app.mjs:app'], { files, env });
    expect(await settled(plain, 1, 1)).toMatchObject([{ slot: '0', generation: '1', instance: '0' }]);
    const chosen = await serve(['app.mjs:app', '-e', 'NODE_APP_INSTANCE=a', '-e', 'TSUNICORN_SLOT=9'], {
      files,
    });
    expect(await settled(chosen, 1, 1)).toMatchObject([{ slot: '0', generation: '1', instance: 'a' }]);
  });

  it('of spare workers are told to their hooks when they serve, and are not in the environment', async () => {
    const config = `export default { spareWorkers: 1, logLevel: 'debug',
      preRequest: ({ slot }) => console.error('serves in slot ' + slot),
      postWorkerInit: ({ slot }) => console.error('loaded in slot ' + slot) };`;
    const env = { NODE_APP_INSTANCE: '7', TSUNICORN_SLOT: '7' };
    const running = await serve(['app.mjs:app', '-c', 'conf.mjs'], {
      files: { ...files, 'conf.mjs': config },
      env,
    });
    await running.waitForLog(/(Worker stands by[\s\S]*){2}/);
    const before = Number((await get(running.at)).body);
    await running.waitForLog(/serves in slot 0/);
    process.kill(before, 'SIGKILL');
    await running.waitForLog(/Spare worker takes over/);
    expect(Number((await get(running.at)).body)).not.toBe(before);
    await running.waitForLog(/(serves in slot 0[\s\S]*){2}/);
    expect(running.stderr).toContain('loaded in slot null');
    expect(places(running)[0]).toMatchObject({ slot: null, instance: null, generation: '1' });
  });
});
