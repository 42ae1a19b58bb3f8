import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { countingTrouble } from '../../../src/admin/record-counter.ts';
import type { Generation } from '../../../src/arbiter/change/generation.ts';
import { FollowingLog, logOpener } from '../../../src/main/logs.ts';
import { placeOf } from '../../../src/metrics/layout.ts';
import { loadedWith } from '../../support/fake-service.ts';
import { temporaryDirectory } from '../../support/tsunicorn.ts';

async function generation(number: number, errorLogfile: string): Promise<Generation> {
  const loaded = loadedWith({ errorLogfile });
  return { number, loaded, hooks: {}, listeners: [], openLog: await logOpener(loaded, null) };
}

it('goes to another file for whoever holds it, when a generation wants that', async () => {
  const directory = temporaryDirectory();
  const text = (name: string) => readFileSync(join(directory, name), 'utf8');
  const [first, second] = [
    await generation(1, join(directory, 'a')),
    await generation(2, join(directory, 'b')),
  ];
  const following = new FollowingLog((await logOpener(first.loaded, null))());
  const { log } = following;
  log.info('one');
  following.follow(second, first);
  log.info('two');
  await following.close();
  expect([text('a'), text('b')]).toEqual([
    expect.stringMatching(/^.* one\n$/),
    expect.stringMatching(/^.* two\n$/),
  ]);
});

it.runIf(existsSync('/dev/full'))('counts the lines that it loses, whatever its generation', async () => {
  const [first, second] = [await generation(1, '-'), await generation(2, '/dev/full')];
  const following = new FollowingLog((await logOpener(first.loaded, null))());
  const counts = new Map<number, number>();
  const store = { add: (at: number, more: number) => void counts.set(at, (counts.get(at) ?? 0) + more) };
  following.alsoTrouble(countingTrouble({ ...store, publish() {} }));
  following.follow(second, first);
  // More than is held.
  for (let lines = 0; lines < 12; lines++) following.log.info('x'.repeat(100_000));
  await following.close();
  // The last report of it is lost as well.
  expect(counts.get(placeOf('tsunicorn_log_lines_lost_total'))).toBeGreaterThanOrEqual(12);
});

it('goes to the file that is there by now, when a generation wants the same', async () => {
  const directory = temporaryDirectory();
  const text = (name: string) => readFileSync(join(directory, name), 'utf8');
  const [first, second] = [
    await generation(1, join(directory, 'a')),
    await generation(2, join(directory, 'a')),
  ];
  const following = new FollowingLog((await logOpener(first.loaded, null))());
  following.log.info('one');
  renameSync(join(directory, 'a'), join(directory, 'a.1'));
  following.follow(second, first);
  following.log.info('two');
  await following.close();
  expect([text('a.1'), text('a')]).toEqual([
    expect.stringMatching(/^.* one\n$/),
    expect.stringMatching(/^.* two\n$/),
  ]);
});
