import { runLoad } from '../load.ts';
import { memoryOf, processTree } from '../processor.ts';
import { rotated } from '../statistics.ts';
import { type Contender, costContenders } from './contenders.ts';
import type { Course } from './course.ts';
import type { Figure, Piece } from './figure.ts';
import { holdConnections } from './held.ts';
import { rootOf } from './operations.ts';
import type { Running } from './running.ts';
import type { Setup } from './setup.ts';

const CONNECTIONS = 64;
/** Idle connections that are held to see what one costs. */
const HELD = 1000;

interface Served {
  readonly contender: Contender;
  readonly running: Running;
  readonly perSecond: number[];
  readonly micros: number[];
}

async function measure(
  setup: Setup,
  { running, perSecond, micros }: Served,
  close: boolean,
  seconds: number,
) {
  const root = rootOf(running);
  const before = setup.processorMicros(root);
  const result = await runLoad(setup.generator, setup.processes, {
    url: `${running.url}/`,
    connections: CONNECTIONS,
    seconds,
    close,
  });
  const used = setup.processorMicros(root) - before;
  if (result.answered === 0) throw new Error('nothing was answered');
  perSecond.push(result.answered / result.seconds);
  micros.push(used / result.answered);
}

/** Starts them all; one that cannot be started, or does not answer, is left out. */
async function startAll(
  setup: Setup,
  course: Course,
  contenders: readonly Contender[],
  close: boolean,
): Promise<readonly Served[]> {
  const served: Served[] = [];
  for (const contender of contenders) {
    let running: Running | undefined;
    try {
      running = await setup.start(contender);
      await measure(setup, { contender, running, perSecond: [], micros: [] }, close, 1);
      served.push({ contender, running, perSecond: [], micros: [] });
    } catch (error) {
      course.leave(contender.name, error);
      await running?.stop();
    }
  }
  return served;
}

/** Every contender lives through all rounds; each round begins one further, so that none always follows the same one. */
async function throughput(
  setup: Setup,
  course: Course,
  group: string,
  contenders: readonly Contender[],
  close: boolean,
) {
  const served = await startAll(setup, course, contenders, close);
  // It has no part in further rounds, so that the rounds of the others stay pairs.
  const failed = new Set<Served>();
  try {
    for (const round of course.rounds())
      for (const one of rotated(served, round).filter((each) => !failed.has(each)))
        await measure(setup, one, close, setup.seconds).catch((error) => {
          failed.add(one);
          course.leave(`${one.contender.name}, from round ${round + 1} on`, error);
        });
  } finally {
    await Promise.all(served.map(({ running }) => running.stop()));
  }
  const command = `npm run prove -- --piece 'cost/${group}'`;
  return served
    .filter(({ micros }) => micros.length > 0)
    .flatMap(({ contender: { name, configuration }, perSecond, micros }): Figure[] => [
      {
        group,
        subject: name,
        metric: 'processor µs a request',
        values: micros,
        command,
        note: configuration,
      },
      { group, subject: name, metric: 'requests a second', values: perSecond, command },
    ]);
}

const megabytes = (bytes: number): number => bytes / 1024 / 1024;

function pssOf(running: Running): number {
  return processTree(rootOf(running)).reduce((sum, { pid }) => sum + memoryOf(pid).pss, 0);
}

/** What one process tree needs, a value a round. */
interface Needs {
  readonly boot: number[];
  readonly memory: number[];
  readonly held: number[];
}

async function needOnce(setup: Setup, contender: Contender, { boot, memory, held }: Needs): Promise<void> {
  const startedAt = performance.now();
  const running = await setup.start(contender);
  const bootMs = performance.now() - startedAt;
  try {
    const idle = pssOf(running);
    const release = await holdConnections(running, HELD);
    const full = pssOf(running);
    release();
    boot.push(bootMs);
    memory.push(megabytes(idle));
    held.push((full - idle) / 1024 / HELD);
  } finally {
    await running.stop();
  }
}

/** Time to the first answer, memory when idle and a connection, processes started one after the other. */
async function resources(
  setup: Setup,
  course: Course,
  contenders: readonly Contender[],
): Promise<readonly Figure[]> {
  const measured = new Map<Contender, Needs>(
    contenders.map((one) => [one, { boot: [], memory: [], held: [] }]),
  );
  for (const round of course.rounds())
    for (const [contender, needs] of measured)
      try {
        // The first one only fills caches.
        if (round === 0) await needOnce(setup, contender, { boot: [], memory: [], held: [] });
        await needOnce(setup, contender, needs);
      } catch (error) {
        course.leave(`${contender.name}, round ${round + 1}`, error);
        if (round === 0) measured.delete(contender);
      }
  const group = 'resources';
  const command = "npm run prove -- --piece 'cost/resources'";
  return [...measured].flatMap(([{ name }, { boot, memory, held }]): Figure[] => [
    { group, subject: name, metric: 'first answer, ms', values: boot, command },
    { group, subject: name, metric: 'memory of all processes (PSS), MB', values: memory, command },
    { group, subject: name, metric: 'memory of an idle connection, KB', values: held, command },
  ]);
}

/** What a request, a process and a connection cost. */
export function costPieces(setup: Setup): readonly Piece[] {
  const { kept, closed, sync, resources: resourceful } = costContenders(setup.quick);
  const { cost } = setup.rounds;
  const half = { least: Math.ceil(cost.least / 2), most: Math.ceil(cost.most / 2) };
  const piece = (id: string, some: Partial<Piece>, run: Piece['run']): Piece => ({
    ...{ id: `cost/${id}`, section: 'cost', inQuick: false, isOurs: true, rounds: cost, roundSeconds: 1 },
    ...some,
    run,
  });
  const loaded = (id: string, contenders: readonly Contender[], close: boolean) =>
    piece(
      id,
      {
        inQuick: id === 'kept connections',
        roundSeconds: contenders.length * (setup.seconds + 0.1),
        fixedSeconds: contenders.length * 2,
      },
      (course) => throughput(setup, course, id, contenders, close),
    );
  return [
    loaded('kept connections', kept, false),
    loaded('new connections', closed, true),
    loaded('Connection: close', sync, true),
    piece(
      'resources',
      { rounds: half, roundSeconds: resourceful.length * 2.5, fixedSeconds: resourceful.length * 2.5 },
      (course) => resources(setup, course, resourceful),
    ),
  ];
}
