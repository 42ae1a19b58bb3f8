import { renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { applicationOf } from '../application.ts';
import type { Scenario } from '../scenario.ts';
import { BROKEN } from './deaths.ts';

/** New code and new settings. */
export const deploys: readonly Scenario[] = [
  {
    title: 'A broken deploy',
    cause: 'The new code cannot be loaded. The reload is undone, and the old code serves on.',
    cure: 'Mend it, then `tsunicornctl reload --wait`, whose exit status (4) a deploy script reads.',
    alert: 'TsunicornReloadUndone',
    make: (draw) => {
      const [code, named] = draw.pick([IMPORTS_NOTHING, ...BROKEN]);
      return {
        provoke: (stage) => {
          stage.write('app.mjs', code);
          stage.child.kill('SIGHUP');
        },
        log: named,
        status: new RegExp(`reload changed nothing.*(${named.source})`, named.flags),
      };
    },
  },
  {
    title: 'A mistyped configuration',
    cause:
      'The configuration file has a setting that there is not. The reload is refused before anything is done.',
    cure: 'The message names the file, the line and what may be meant. `tsunicorn --check-config` says so before a deploy.',
    alert: 'TsunicornReloadUndone',
    make: (draw) => {
      const [text, named] = draw.pick(MISTYPED);
      return {
        files: {
          'app.mjs': applicationOf(draw),
          'tsunicorn.config.mjs': 'export default { timeout: 20 };\n',
        },
        provoke: (stage) => {
          stage.write('tsunicorn.config.mjs', text);
          stage.child.kill('SIGHUP');
        },
        log: named,
        status: new RegExp(`reload changed nothing.*(${named.source})`),
      };
    },
  },
  {
    title: 'A bad upgrade',
    cause: 'The new arbiter of USR2 cannot start. The old one serves on.',
    cure: 'Its reason is in the log, above. Mend it, then `tsunicornctl upgrade --wait --finish`.',
    alert: 'TsunicornReloadUndone',
    make: (draw) => {
      const [code, named] = draw.pick(BROKEN);
      return {
        provoke: (stage) => {
          stage.write('app.mjs', code);
          stage.child.kill('SIGUSR2');
        },
        log: named,
        status: /new arbiter.*exited|upgrade/,
      };
    },
  },
  {
    title: 'Two versions of the code',
    cause:
      'Files were changed under a running service, and a worker that was replaced has loaded the new ones.',
    cure: '`tsunicornctl reload --wait` brings all workers to one version. Deploy into a new directory, and reload.',
    make: (draw) => {
      const changed = draw.pick(['app.mjs', 'prices.mjs'] as const);
      const text = changed === 'app.mjs' ? applicationOf(draw, "import './prices.mjs';\n") : 'export {};\n';
      return {
        workers: draw.number(2, 2, 4),
        workerClass: draw.workerClass === 'thread' ? 'async' : draw.workerClass,
        args: ['--log-level', 'debug'],
        files: { 'app.mjs': applicationOf(draw, "import './prices.mjs';\n"), 'prices.mjs': 'export {};\n' },
        provoke: async (stage) => {
          await stage.logged(/was loaded from \d+ files/);
          stage.write('next.mjs', `${text}// changed\n`);
          renameSync(join(stage.cwd, 'next.mjs'), join(stage.cwd, changed));
          process.kill(draw.pick(stage.workers()), 'SIGTERM');
        },
        log: new RegExp(`two versions of the code: .*${changed}`),
        status: new RegExp(`two versions of the code: .*${changed}`),
      };
    },
  },
  {
    title: 'A release that nobody has reloaded',
    cause: 'The link to the release was changed, and the service still runs the one before.',
    cure: '`tsunicornctl reload --wait` follows the link.',
    make: () => ({
      isRelease: true,
      provoke: (stage) => {
        rmSync(join(stage.cwd, 'current'));
        symlinkSync('release-2', join(stage.cwd, 'current'));
      },
      log: null,
      status: /release-2 now/,
    }),
  },
];

const IMPORTS_NOTHING = ["import './no-such-file.mjs';\n", /no-such-file/] as const;

/** A configuration file, and what has to be said of it. */
const MISTYPED: readonly (readonly [text: string, named: RegExp])[] = [
  ['export default { workres: 4 };\n', /workres/],
  ['export default { workers: "many" };\n', /workers/],
  ['export default { workerClass: "asnyc" };\n', /asnyc/],
  ['export default { timeout: -5 };\n', /timeout/],
  ['export default { bind: "nowhere:99999" };\n', /99999/],
  ['export default { timeout: 30\n', /tsunicorn\.config\.mjs/],
  ['throw new Error("no SECRET");\n', /no SECRET/],
  ['export const settings = {};\n', /tsunicorn\.config\.mjs/],
];
