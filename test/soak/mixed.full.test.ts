import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type LoadResult, startLoad } from '../support/load.ts';
import { built, childrenOf, isAlive, root } from '../support/tsunicorn.ts';
import { form, isLong, plan } from './plan.ts';
import { soak } from './soaked.ts';

const WORKERS = 2;
const CLIENTS = 4;
const MINUTES = 60_000;

const COMPANION = JSON.stringify(join(built, 'src/companion.js'));
/** Holds a name that the kernel gives to one process at a time, and tells where it is taken. */
const ALONE = `import { appendFileSync } from 'node:fs';
import net from 'node:net';
const name = process.env.TSUNICORN_COMPANION;
const held = net.createServer().listen('\\0' + process.cwd() + name);
held.on('error', (error) => {
  appendFileSync('twice', name + ' ' + error.code + '\\n');
  process.exit(1);
});
`;

const FILES = {
  'program.mjs': `import http from 'node:http';
http.createServer((request, response) => response.end('hello')).listen(3000);
`,
  'single.mjs': `${ALONE}import { ready } from ${COMPANION};\nheld.on('listening', ready);\n`,
  'tick.mjs': `${ALONE}appendFileSync('runs', Math.floor(Date.now() / 60_000) + '\\n');
setTimeout(() => process.exit(0), 600);
`,
  'jobs.mjs': `import { ready, stopping } from ${COMPANION};
const timer = setInterval(() => {}, 1000);
stopping().addEventListener('abort', () => clearInterval(timer));
ready();
`,
  'tsunicorn.config.mjs': `export default ${JSON.stringify({
    gracefulTimeout: 10,
    companions: {
      jobs: { run: 'jobs.mjs', count: 2 },
      sidecar: { run: ['sleep', '1000'] },
      single: { run: 'single.mjs', required: true },
      // In the short form no minute may begin.
      tick: { run: 'tick.mjs', schedule: isLong ? '* * * * *' : '* * * * * *' },
    },
  })};\n`,
};

type Service = Awaited<ReturnType<typeof soak>>;

/** The pid of the process of that companion that was started last, after so many characters of the log. */
async function pidOf(service: Service, label: string, after = 0): Promise<number> {
  const pattern = new RegExp(`Companion ${label} started \\(pid: (\\d+)\\)`, 'g');
  return service.waitFor(
    () => Number([...service.log.slice(after).matchAll(pattern)].at(-1)?.[1] ?? 0),
    `companion ${label} to start`,
  );
}

/** Every process that runs in the folder of the service. */
function processesOf({ cwd }: Service): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        return pid > 0 && readlinkSync(`/proc/${pid}/cwd`) === cwd && isAlive(pid);
      } catch {
        // It has ended meanwhile.
        return false;
      }
    });
}

async function newArbiter(service: Service): Promise<number> {
  const seen = service.log.length;
  service.signal('SIGUSR2');
  const [, pid] = await service.waitForLog(/The new arbiter \(pid: (\d+)\) serves together/, seen);
  return Number(pid);
}

/** What is done to it: each resolves when its workers, and the companion of which there is to be one, are there again. */
const OPERATIONS: Readonly<Record<string, (service: Service) => Promise<unknown>>> = {
  async reload(service) {
    const seen = service.log.length;
    await service.reload();
    await pidOf(service, 'single', seen);
  },
  async upgrade(service) {
    const seen = service.log.length;
    await service.upgrade();
    await pidOf(service, 'single', seen);
  },
  async 'rolled back'(service) {
    const old = service.pid;
    const next = await newArbiter(service);
    const rested = service.log.length;
    process.kill(old, 'SIGWINCH');
    await pidOf(service, 'single', rested);
    const rolled = service.log.length;
    process.kill(old, 'SIGHUP');
    await service.waitForLog(/Generation \d+ is ready/, rolled);
    process.kill(next, 'SIGTERM');
    await service.waitForLog(/the upgrade is rolled back/, rolled);
    await pidOf(service, 'single', rolled);
  },
  async 'new arbiter killed'(service) {
    const old = service.pid;
    const next = await newArbiter(service);
    const seen = service.log.length;
    process.kill(next, 'SIGKILL');
    await service.waitForLog(/the upgrade is rolled back/, seen);
    await service.waitFor(() => service.pid === old, 'the pidfile to name the old arbiter');
  },
  async 'old arbiter killed'(service) {
    const old = service.pid;
    await newArbiter(service);
    const seen = service.log.length;
    process.kill(old, 'SIGKILL');
    await pidOf(service, 'single', seen);
    await service.waitForLog(/the upgrade is complete/, seen);
    await service.waitFor(() => service.pid !== old && service.pid, 'the pidfile to name the new arbiter');
  },
  async 'companions killed'(service) {
    const seen = service.log.length;
    const labels = ['jobs 0', 'sidecar', 'single'];
    for (const label of labels) process.kill(await pidOf(service, label), 'SIGKILL');
    for (const label of labels) await pidOf(service, label, seen);
  },
};

/** Kills a worker with what it answers, and nothing else. */
async function killWorker(service: Service): Promise<void> {
  const seen = service.log.length;
  const ready = [...service.log.matchAll(/Worker is ready \(pid: (\d+)\)/g)].map(([, pid]) => Number(pid));
  const worker = ready.findLast((pid) => isAlive(pid) && childrenOf(service.pid).includes(pid));
  if (worker === undefined) throw new Error('no worker is ready');
  process.kill(worker, 'SIGKILL');
  await service.waitForLog(/Worker is ready/, seen);
}

const fixture = (name: string) => join(root, 'test/fixtures/mounts', name);
const KINDS: readonly (readonly [
  kind: string,
  args: readonly [string, ...string[]],
  paths: readonly string[],
])[] = [
  ['a program', ['program.mjs'], ['/']],
  [
    'mounts of three shapes',
    [
      fixture('node.ts:app'),
      ...['--mount', `/fetch=${fixture('fetch.ts:app')}`, '--mount', `/gateway=${fixture('gateway.ts:app')}`],
    ],
    ['/', '/fetch/a', '/gateway/b'],
  ],
];

it.each(form === 'short' ? KINDS.slice(1) : KINDS)(
  'a service of %s, with companions, loses no request and runs no singleton twice, whatever is done to it',
  { timeout: (isLong ? 30 : 5) * MINUTES },
  async (_kind, [app, ...args], paths) => {
    const service = await soak(app, args, WORKERS, {}, FILES);
    const load = () =>
      service.urls.flatMap((url) =>
        paths.map((path) => startLoad({ url, path }, Math.ceil(CLIENTS / paths.length))),
      );
    const results: LoadResult[] = [];
    const killed: LoadResult[] = [];
    await pidOf(service, 'single');
    for (let round = 0; round < plan.mixedRounds; round++) {
      let loads = load();
      for (const operate of Object.values(OPERATIONS)) await operate(service);
      results.push(...(await Promise.all(loads.map((one) => one.stop()))));
      loads = load();
      await killWorker(service);
      killed.push(...(await Promise.all(loads.map((one) => one.stop()))));
    }
    const loads = load();
    const all = processesOf(service);
    expect(all.length).toBeGreaterThan(WORKERS + 4);
    process.kill(service.pid, 'SIGKILL');
    // The workers finish what they have and go, and so the clients are refused.
    results.push(
      ...(await Promise.all(loads.map((one) => one.refused()))).map((one) => ({ ...one, refused: 0 })),
    );
    await service.waitFor(() => processesOf(service).length === 0, 'everything to end');

    for (const result of results) expect(result).toMatchObject({ failures: [], refused: 0 });
    const lost = killed.flatMap(({ failures }) => failures);
    expect(lost.filter((failure) => !/^(ECONNRESET|EPIPE|socket hang up)/.test(failure))).toEqual([]);
    expect(
      existsSync(join(service.cwd, 'twice')) ? readFileSync(join(service.cwd, 'twice'), 'utf8') : '',
    ).toBe('');
    const runs = existsSync(join(service.cwd, 'runs'))
      ? readFileSync(join(service.cwd, 'runs'), 'utf8').trim().split('\n')
      : [];
    if (isLong) expect(new Set(runs).size).toBe(runs.length);
    expect(runs.length).toBeGreaterThan(0);
    const answered = results.reduce((sum, one) => sum + one.answered, 0);
    console.log(
      `${answered} requests answered, none lost; ${lost.length} were lost with ${killed.length > 0 ? plan.mixedRounds : 0} killed workers; ${runs.length} runs of the schedule`,
    );
  },
);
