import { join } from 'node:path';
import { expect, it } from 'vitest';
import { reloadInTurn, startHttp2Load, targetsIn } from '../support/http2-load.ts';
import { root, serve } from '../support/tsunicorn.ts';
import { plan } from './plan.ts';

const app = join(root, 'test/fixtures/http2/app.mjs:app');

it.each(['async', 'thread'])(
  `${plan.loadReloads} reloads lose no stream of HTTP/2 that was taken, in class %s`,
  async (name) => {
    const running = await serve(['-k', name, '-w', '2', '--http2-cleartext', '--access-logfile', '-', app]);
    const load = startHttp2Load(running.at, ['/seen', '/slow', '/hinted', '/seen', '/slow', '/hinted']);
    await reloadInTurn(running, load, plan.loadReloads);
    await load.stop();
    expect([...load.outcomes.keys()]).toEqual(['200 0']);
    // Nobody has run twice what was refused once.
    await running.waitFor(() => targetsIn(running.stdout).length >= load.answered(), 'the last line');
    const targets = targetsIn(running.stdout);
    expect([targets.length, new Set(targets).size]).toEqual([load.answered(), load.answered()]);
  },
);
