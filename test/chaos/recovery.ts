import { readFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from '../../src/ctl/client.ts';
import { ask } from '../support/http-client.ts';
import { request } from '../support/load.ts';
import { signal } from '../support/members.ts';
import { deadlineMs } from '../support/patience.ts';
import { packageText, type World } from './world.ts';

const ANSWER_MS = 2000;
/** A version of the package that no fault draws. */
const LAST_VERSION = 1_000_000;

/** Whether it becomes true in bounded time; a look that rejects says no. */
export async function isTrueInTime(
  look: () => boolean | Promise<boolean>,
  limitMs = deadlineMs(),
): Promise<boolean> {
  const until = performance.now() + limitMs;
  while (
    !(await Promise.resolve()
      .then(look)
      .catch(() => false))
  ) {
    if (performance.now() > until) return false;
    await pause(50);
  }
  return true;
}

/** Whether it answers at once; a request that waits says no. */
export function answers(url: string): Promise<boolean> {
  const asked = request({ url }).then((outcome) => outcome === '200');
  return Promise.race([asked, pause(ANSWER_MS, false)]);
}

/** What does not work again in bounded time when every fault is taken back; nothing where all does. */
export async function brokenParts(world: World, supervise: () => void): Promise<readonly string[]> {
  const path = (name: string) => join(world.directory, name);
  const parts: readonly (readonly [string, () => boolean | Promise<boolean>])[] = [
    [
      'it does not serve again in time',
      () => {
        // It may have found half a package when it was started last, and have ended.
        supervise();
        return answers(world.url);
      },
    ],
    ['not as many workers serve as are wanted', () => servesFully(path('control.sock'))],
    [
      'the pidfile does not name the arbiter',
      () => readFileSync(path('pid'), 'utf8').trim() === `${world.arbiter}`,
    ],
    ['the access log gets no lines', () => logs(world, path('access.log'))],
    ['a deploy does not take effect', () => deploys(world)],
  ];
  const broken: string[] = [];
  for (const [title, look] of parts) if (!(await isTrueInTime(look))) broken.push(title);
  return broken;
}

async function servesFully(socket: string): Promise<boolean> {
  const { phase, workers } = await new Client(socket).status();
  return phase === 'serving' && workers.wanted >= 1 && workers.ready === workers.wanted;
}

async function logs({ url }: World, file: string): Promise<boolean> {
  // Its own lines may have filled the disk.
  truncateSync(file);
  await answers(url);
  return isTrueInTime(() => statSync(file).size > 0, ANSWER_MS);
}

/** A reload brings what lies on the disk, whatever the reloads before it did. */
async function deploys(world: World): Promise<boolean> {
  world.write('node_modules/versioned/index.js', packageText(LAST_VERSION));
  signal(world.arbiter, 'SIGHUP');
  return isTrueInTime(
    async () => (await ask({ url: world.url })).body === `${LAST_VERSION}\n`,
    ANSWER_MS * 5,
  );
}
