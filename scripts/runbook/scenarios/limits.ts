import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { applicationOf } from '../application.ts';
import { cgroupMissing, inCgroup } from '../cgroup.ts';
import { nginxBefore, nginxMissing } from '../nginx.ts';
import type { Scenario } from '../scenario.ts';

/** What is used up: memory, disk, files, queues, time. */
export const limits: readonly Scenario[] = [
  {
    title: 'An OOM kill in a control group',
    cause:
      'The processes of the service reach the memory limit of their control group, and the kernel kills one.',
    cure: 'Memory of each worker: a rise without end is a leak (`--max-memory`, `tsunicornctl heap SLOT`); all at once, fewer workers or a higher limit.',
    alert: 'TsunicornOutOfMemory',
    missing: cgroupMissing,
    make: (draw) => ({
      workers: draw.number(2, 1, 2),
      files: { 'app.mjs': applicationOf(draw, '', eating(draw.paths.collect)) },
      isDeath: true,
      through: inCgroup(draw.number(400, 380, 480)),
      provoke: (stage) => stage.ask(draw.paths.collect),
      log: /Worker .*(out of memory|out-of-memory|memory limit|OOM)/i,
      status: /deaths: .*(out of memory|out-of-memory|memory limit|OOM)/i,
    }),
  },
  {
    title: 'Memory near its limit',
    cause: 'All processes of the service together use nearly what their control group may.',
    cure: '`--max-memory` replaces a worker before the kernel kills one. Fewer workers, or a higher limit.',
    alert: 'TsunicornMemoryNearLimit',
    missing: cgroupMissing,
    make: (draw) => ({
      workers: 1,
      workerClass: 'async',
      files: {
        'app.mjs': applicationOf(
          draw,
          `export const ballast = Buffer.alloc(${draw.number(420, 400, 430)} * 1024 ** 2, 1);\n`,
        ),
      },
      through: inCgroup(560),
      provoke: () => {},
      log: null,
      status: /memory: all processes use \d+M of 560M/,
    }),
  },
  {
    title: 'A full disk',
    cause:
      'The log cannot be written. Requests do not wait for it: its lines are held, then lost and counted.',
    cure: '`df`, then rotate or delete. What the log could not take is in `tsunicornctl logs`, and warnings are on the standard error.',
    alert: 'TsunicornLogLinesLost',
    make: (draw) => {
      const which = draw.pick(['--access-logfile', '--error-logfile'] as const);
      return {
        args: [which, '/dev/full', '--access-logformat', `%(r)s ${FILLER}`],
        provoke: async (stage) => {
          for (let times = 0; times < 40; times++) {
            stage.ask('/', 20);
            await stage.pause(50);
          }
        },
        log: /Cannot write \/dev\/full .*\(ENOSPC: the disk is full\)/,
        status: /Cannot write \/dev\/full/,
      };
    },
  },
  {
    title: 'Too many open files',
    cause: 'A worker has as many files and sockets open as it may: it cannot accept.',
    cure: '`ls -l /proc/PID/fd` shows what is not closed. Otherwise raise the limit: LimitNOFILE= in a unit, `ulimit -n`.',
    make: (draw) => {
      const most = draw.number(160, 120, 400);
      const { workerClass } = draw;
      return {
        through: ['sh', '-c', `ulimit -n ${most} && exec "$@"`, 'sh'],
        provoke: async (stage) => {
          stage.ask(draw.paths.open, 4);
          await stage.pause(300);
          stage.ask('/', 4);
        },
        log: /cannot accept .*(open files|EMFILE)|open files.*(limit|may)|files? .*open/i,
        status: workerClass === 'async' ? new RegExp(`${most}.*open|open.*${most}`) : /files/,
      };
    },
  },
  {
    title: 'A queue that fills, behind nginx',
    cause:
      'No worker takes connections, and those of the proxy fill the queue of the kernel. When it is full, nginx answers 502.',
    cure: 'Scale, or take load away at the proxy. `--backlog` (and `net.core.somaxconn`, which bounds it) helps against a burst only.',
    alert: 'TsunicornBacklogFilling',
    missing: nginxMissing,
    make: (draw) => {
      const backlog = draw.number(16, 8, 40);
      return {
        workers: 1,
        workerClass: 'sync',
        args: ['--backlog', `${backlog}`, '-t', '60'],
        provoke: async (stage) => {
          const ask = await nginxBefore(stage);
          ask(`${draw.paths.wait}?ms=50000`, 1);
          await stage.pause(500);
          ask('/', backlog + 10);
        },
        log: null,
        status: new RegExp(`queue: \\d+ connections of at most ${backlog} wait`),
      };
    },
  },
  {
    title: 'A certificate that expires soon',
    cause: 'The certificate that is served ends in a few days: whoever renews it has not, or not here.',
    cure: 'Look at the log of what renews it (certbot, Caddy, lego, cert-manager). A newer file is used as soon as it changes.',
    alert: 'TsunicornCertificateEnds',
    make: (draw) => ({
      args: ['--certfile', 'shop.pem', '--keyfile', 'shop.key'],
      prepare: (cwd) => {
        const days = `${draw.number(3, 1, 6)}`;
        const names = ['-subj', '/CN=shop.example.com', '-addext', 'subjectAltName=DNS:shop.example.com'];
        const files = ['-keyout', join(cwd, 'shop.key'), '-out', join(cwd, 'shop.pem')];
        const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
        execFileSync('openssl', ['req', '-x509', ...key, ...files, ...names, '-days', days], {
          stdio: 'ignore',
        });
      },
      provoke: () => {},
      log: null,
      status: /certificate.*shop\.example\.com.*day/,
    }),
  },
];

/** A megabyte of lines is held before one is lost; a line of 4 KiB is written in short. */
const FILLER = 'x'.repeat(3900);

/** Instead of the act of the small service: memory outside V8's heap, which has a limit of its own. */
function eating(path: string): string {
  return `acts['${path}'] = async () => { for (;;) { kept.push(Buffer.alloc(32 * 1024 ** 2, 1)); await later(1); } };\n`;
}
