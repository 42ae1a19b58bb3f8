import { writeFileSync } from 'node:fs';
import http from 'node:http';
import { built, server } from '../candidate.ts';
import { runLoad } from '../load.ts';
import { memoryOf } from '../processor.ts';
import type { Course } from './course.ts';
import type { Figure, Piece } from './figure.ts';
import { holdConnections } from './held.ts';
import { childrenOf, rootOf, says } from './operations.ts';
import type { Layout, Running } from './running.ts';
import type { Setup } from './setup.ts';

const megabytes = (bytes: number): number => bytes / 1024 / 1024;
const arbiterMegabytes = (running: Running): number => megabytes(memoryOf(rootOf(running)).rss);

function service(
  app: string,
  options: (port: number) => readonly string[],
  config: object | null = null,
): Layout {
  return {
    files: () =>
      config === null ? {} : { 'tsunicorn.config.mjs': `export default ${JSON.stringify(config)};\n` },
    start: (port) => ({
      command: [process.execPath, built, server(app), '-b', `127.0.0.1:${port}`, ...options(port)],
    }),
  };
}

/** What a growth is measured with at one size: metrics with their values. */
type AtSize = (setup: Setup, size: number) => Promise<Readonly<Record<string, number>>>;

async function withService<T>(
  setup: Setup,
  layout: Layout,
  use: (running: Running, bootMs: number) => Promise<T>,
) {
  const startedAt = performance.now();
  const running = await setup.start(layout);
  try {
    return await use(running, performance.now() - startedAt);
  } finally {
    await running.stop();
  }
}

async function microsOf(setup: Setup, running: Running, connections: number): Promise<number> {
  const load = { url: `${running.url}/`, connections, seconds: setup.seconds, close: false };
  await runLoad(setup.generator, setup.processes, { ...load, seconds: 1 });
  const before = setup.processorMicros(rootOf(running));
  const { answered } = await runLoad(setup.generator, setup.processes, load);
  const micros = setup.processorMicros(rootOf(running)) - before;
  // The time of a process that has ended is not in the sum any more.
  if (micros < 0) throw new Error('a process has ended under the load');
  return answered === 0 ? Number.NaN : micros / answered;
}

const workers: AtSize = (setup, size) =>
  withService(
    setup,
    service('app.js:app', () => ['-w', `${size}`, '--log-level', 'debug']),
    async (running, bootMs) => {
      const booted = new RegExp(`(?:Worker is ready[\\s\\S]*){${size}}`);
      if (!(await says(running, booted, 0))) throw new Error(`${size} workers are not ready in time`);
      return {
        'first answer, ms': bootMs,
        'processor µs a request': await microsOf(setup, running, 64),
        'arbiter RSS, MB': arbiterMegabytes(running),
      };
    },
  );

const connections: AtSize = (setup, size) =>
  withService(
    setup,
    service('app.js:app', () => ['-w', '2', '--worker-connections', '20000']),
    async (running) => {
      const release = await holdConnections(running, size);
      const worker = childrenOf(rootOf(running)).map((pid) => megabytes(memoryOf(pid).rss));
      const micros = await microsOf(setup, running, 32);
      release();
      return {
        'processor µs a request': micros,
        'RSS of both workers, MB': worker.reduce((sum, one) => sum + one, 0),
        'arbiter RSS, MB': arbiterMegabytes(running),
      };
    },
  );

const listeners: AtSize = (setup, size) =>
  withService(
    setup,
    service('app.js:app', () => [
      '-w',
      '2',
      ...Array.from({ length: size - 1 }, (_, at) => ['-b', `unix:${at}.sock`]).flat(),
    ]),
    async (running, bootMs) => ({
      'first answer, ms': bootMs,
      'processor µs a request': await microsOf(setup, running, 64),
      'arbiter RSS, MB': arbiterMegabytes(running),
    }),
  );

/** Uploads so many kilobytes and resolves when they are answered. */
function upload({ port }: Running, kilobytes: number): Promise<void> {
  const chunk = Buffer.alloc(65_536);
  return new Promise((resolve, reject) => {
    const headers = { 'content-length': kilobytes * 1024 };
    const request = http.request(
      { port, host: '127.0.0.1', method: 'POST', headers, agent: false },
      (response) => {
        response.resume().once('end', resolve).once('error', reject);
      },
    );
    request.once('error', reject);
    let left = kilobytes * 1024;
    const write = (): void => {
      while (left > 0) {
        const size = Math.min(left, chunk.length);
        left -= size;
        if (!request.write(chunk.subarray(0, size))) return void request.once('drain', write);
      }
      request.end();
    };
    write();
  });
}

const body: AtSize = (setup, size) =>
  withService(
    setup,
    service('operated.js:app', () => ['-w', '1']),
    async (running) => {
      await upload(running, 64);
      const [worker = 0] = childrenOf(rootOf(running));
      const startedAt = performance.now();
      writeFileSync(`/proc/${worker}/clear_refs`, '5');
      await upload(running, size);
      return {
        'peak RSS of the worker, MB': peakMegabytes(worker),
        seconds: (performance.now() - startedAt) / 1000,
      };
    },
  );

function peakMegabytes(pid: number): number {
  return megabytes(memoryOf(pid).peak);
}

const companions: AtSize = (setup, size) => {
  const all = Object.fromEntries(
    Array.from({ length: size }, (_, at) => [`c${at}`, { run: ['sleep', '1000'] }]),
  );
  return withService(
    setup,
    service('app.js:app', () => ['-w', '1', '-c', 'tsunicorn.config.mjs'], { companions: all }),
    async (running, bootMs) => ({ 'first answer, ms': bootMs, 'arbiter RSS, MB': arbiterMegabytes(running) }),
  );
};

/** One service, reloaded again and again; its arbiter's memory at each of the sizes. */
async function reloads(setup: Setup, course: Course, sizes: readonly number[]): Promise<readonly Figure[]> {
  const layout = service('app.js:app', () => ['-w', '1']);
  return withService(setup, layout, async (running) => {
    const figures: Figure[] = [];
    let done = 0;
    for (const size of sizes) {
      for (; done < size && (done === 0 || !course.isOver); done += 1) {
        const after = running.output().length;
        process.kill(rootOf(running), 'SIGHUP');
        if (!(await says(running, /Generation \d+ is ready/, after)))
          throw new Error('a reload took too long');
      }
      figures.push(figureOf('reloads', 'arbiter RSS, MB', done, arbiterMegabytes(running)));
      if (done === size) continue;
      course.leave(`more than ${done} reloads`, 'the time was over');
      break;
    }
    return figures;
  });
}

function figureOf(what: string, metric: string, x: number, value: number): Figure {
  const command = `npm run prove -- --piece 'growth/${what}'`;
  return { group: `growth: ${what}`, subject: 'tsunicorn async', metric, x, values: [value], command };
}

async function grow(
  setup: Setup,
  course: Course,
  what: string,
  sizes: readonly number[],
  at: AtSize,
): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const size of sizes)
    try {
      for (const [metric, value] of Object.entries(await at(setup, size)))
        figures.push(figureOf(what, metric, size, value));
    } catch (error) {
      course.leave(`${what}, ${size}`, error);
    }
  return figures;
}

/** How cost grows with what there is more of. */
export function growthPieces(setup: Setup): readonly Piece[] {
  const piece = (
    what: string,
    [leastSeconds, mostSeconds]: readonly [number, number],
    run: Piece['run'],
  ): Piece => ({
    id: `growth/${what}`,
    section: 'growth',
    inQuick: what === 'reloads',
    isOurs: true,
    rounds: { least: 1, most: mostSeconds / leastSeconds },
    roundSeconds: leastSeconds,
    run,
  });
  const grown = (what: string, seconds: number, sizes: readonly number[], at: AtSize) =>
    piece(what, [seconds, seconds], (course) => grow(setup, course, what, sizes, at));
  const kilobytes = [1, 64, 1024, 16_384, 262_144, 1_048_576];
  const counts = setup.quick ? [1, 5] : [1, 10, 50, 100, 200, 500, 1000];
  return [
    grown('workers', 50, [1, 2, 4, 8, 16, 32], workers),
    grown('connections', 60, [10, 100, 1000, 5000, 20_000], connections),
    grown('listeners', 25, [1, 4, 16, 64], listeners),
    grown('body, KB', 30, kilobytes, body),
    piece('reloads', setup.quick ? [10, 10] : [40, 400], (course) => reloads(setup, course, counts)),
    grown('companions', 15, [0, 1, 5, 10, 25, 50], companions),
  ];
}
