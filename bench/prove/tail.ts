import { setTimeout as pause } from 'node:timers/promises';
import { evenArrivals } from '../arrivals.ts';
import { openLoop, sender } from '../client.ts';
import { percentile } from '../statistics.ts';
import type { Course } from './course.ts';
import type { Figure, Piece } from './figure.ts';
import { hasTailGoal } from './goals.ts';
import type { OperationName } from './operations.ts';
import type { Running } from './running.ts';
import type { Setup } from './setup.ts';
import type { Subject } from './subject.ts';

/** What the load meets; each is compared with the calm that was measured just before it. */
const MOMENTS = [
  'reload',
  'upgrade',
  'recycling',
  'kill -9 of a worker',
  'hang',
] as const satisfies OperationName[];
const BLOCKING = 'beside blocking requests';
const PER_SECOND = 200;
const CONNECTIONS = 32;
/** One request of so many blocks its process for 200 ms. */
const BLOCKS_EVERY = 100;
/** Who is loaded. */
const LOADED = [
  ...['tsunicorn async', 'tsunicorn sync', 'bare node:http', 'node:cluster', 'PM2'],
  ...['Gunicorn sync', 'Gunicorn gthread', 'Gunicorn gevent', 'uWSGI', 'Puma'],
];

interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly failed: number;
}

/** Latencies from when a request was due, so that a server which stands still cannot hide what it holds up. */
async function load(running: Running, seconds: number, blocks: boolean): Promise<Latency> {
  const arrivals = evenArrivals(1000 / PER_SECOND, seconds, '/').map((arrival, index) =>
    blocks && index % BLOCKS_EVERY === BLOCKS_EVERY / 2 ? { ...arrival, path: '/block' } : arrival,
  );
  const timed = await openLoop(arrivals, sender(running.url, CONNECTIONS), 200);
  const short = timed.filter(({ path }) => path === '/').map(({ ms }) => ms);
  const answered = short.filter((ms) => ms !== Number.POSITIVE_INFINITY);
  const of = (share: number) => (answered.length === 0 ? Number.NaN : percentile(answered, share));
  return { p50: of(0.5), p99: of(0.99), p999: of(0.999), failed: short.length - answered.length };
}

/** What is read of a load. */
const METRICS: Readonly<Record<string, (latency: Latency) => number>> = {
  'p50, ms': ({ p50 }) => p50,
  'p99, ms': ({ p99 }) => p99,
  'p99.9, ms': ({ p999 }) => p999,
  failed: ({ failed }) => failed,
};

function figuresOf(
  { name: subject }: Subject,
  moment: string,
  calm: readonly Latency[],
  during: readonly Latency[],
): readonly Figure[] {
  const command = `npm run prove -- --piece 'tail/${subject}/${moment}'`;
  const figures = (prefix: string, latencies: readonly Latency[]): readonly Figure[] =>
    Object.entries(METRICS).map(([metric, read]) => ({
      ...{ group: `latency: ${moment}`, subject, metric: `${prefix}${metric}`, command },
      values: latencies.map(read),
    }));
  return [...figures('calm ', calm), ...figures('', during)];
}

async function measure(
  setup: Setup,
  course: Course,
  subject: Subject,
  moment: OperationName | typeof BLOCKING,
) {
  const seconds = setup.tailSeconds;
  const calm: Latency[] = [];
  const during: Latency[] = [];
  for (const _ of course.rounds()) {
    const running = await setup.start(subject);
    try {
      await load(running, 1, false);
      calm.push(await load(running, seconds, false));
      const loaded = load(running, seconds, moment === BLOCKING);
      await pause(200);
      const isFinished = moment === BLOCKING || (await subject.operations[moment]?.(running));
      during.push(await loaded);
      if (!isFinished) throw new Error(`${moment} did not come to its end in time`);
    } finally {
      await running.stop();
    }
  }
  return figuresOf(subject, moment, calm, during);
}

/** Open-loop load of a constant rate before and during each operation. */
export function tailPieces(setup: Setup): readonly Piece[] {
  return setup.subjects
    .filter(({ name }) => LOADED.includes(name))
    .flatMap((subject) =>
      ([BLOCKING, ...MOMENTS] as const)
        .filter((moment) => moment === BLOCKING || subject.operations[moment] !== undefined)
        .map((moment) => ({
          id: `tail/${subject.name}/${moment}`,
          section: 'tail' as const,
          inQuick: subject.name === 'tsunicorn async' && moment === 'reload',
          isOurs: subject.name.startsWith('tsunicorn'),
          rounds: hasTailGoal(subject.name, moment) ? setup.rounds.goal : setup.rounds.tail,
          roundSeconds: 4 + setup.tailSeconds * 2,
          run: (course: Course) => measure(setup, course, subject, moment),
        })),
    );
}
