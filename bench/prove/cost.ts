import { runLoad } from '../load.ts';
import { memoryOf, processTree } from '../processor.ts';
import { rotated } from '../statistics.ts';
import { type Contender, costContenders } from './contenders.ts';
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

async function startAll(setup: Setup, contenders: readonly Contender[]): Promise<readonly Served[]> {
  const served: Served[] = [];
  try {
    for (const contender of contenders)
      served.push({ contender, running: await setup.start(contender), perSecond: [], micros: [] });
  } catch (error) {
    await Promise.all(served.map(({ running }) => running.stop()));
    throw error;
  }
  return served;
}

/** Every contender lives through all rounds; each round begins one further, so that none always follows the same one. */
async function throughput(setup: Setup, group: string, contenders: readonly Contender[], close: boolean) {
  const served = await startAll(setup, contenders);
  try {
    for (const one of served) await measure(setup, one, close, 1);
    for (const { perSecond, micros } of served) perSecond.length = micros.length = 0;
    for (let round = 0; round < setup.rounds.cost; round += 1)
      for (const one of rotated(served, round)) await measure(setup, one, close, setup.seconds);
  } finally {
    await Promise.all(served.map(({ running }) => running.stop()));
  }
  const command = `npm run prove -- --piece 'cost/${group}'`;
  return served.flatMap(({ contender: { name, configuration }, perSecond, micros }): Figure[] => [
    { group, subject: name, metric: 'processor µs a request', values: micros, command, note: configuration },
    { group, subject: name, metric: 'requests a second', values: perSecond, command },
  ]);
}

const megabytes = (bytes: number): number => bytes / 1024 / 1024;

function pssOf(running: Running): number {
  return processTree(rootOf(running)).reduce((sum, { pid }) => sum + memoryOf(pid).pss, 0);
}

/** Time to the first answer, memory when idle and a connection, processes started one after the other. */
async function resources(setup: Setup, contenders: readonly Contender[]): Promise<readonly Figure[]> {
  const measured = new Map<Contender, { boot: number[]; memory: number[]; held: number[] }>(
    contenders.map((one) => [one, { boot: [], memory: [], held: [] }]),
  );
  for (let round = -1; round < Math.ceil(setup.rounds.cost / 2); round += 1)
    for (const [contender, { boot, memory, held }] of measured) {
      const startedAt = performance.now();
      const running = await setup.start(contender);
      const bootMs = performance.now() - startedAt;
      try {
        const idle = pssOf(running);
        const release = await holdConnections(running, HELD);
        const full = pssOf(running);
        release();
        // The first one only fills caches.
        if (round < 0) continue;
        boot.push(bootMs);
        memory.push(megabytes(idle));
        held.push((full - idle) / 1024 / HELD);
      } finally {
        await running.stop();
      }
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
  const piece = (id: string, inQuick: boolean, run: Piece['run']): Piece => ({
    id: `cost/${id}`,
    section: 'cost',
    inQuick,
    run,
  });
  return [
    piece('kept connections', true, () => throughput(setup, 'kept connections', kept, false)),
    piece('new connections', false, () => throughput(setup, 'new connections', closed, true)),
    piece('Connection: close', false, () => throughput(setup, 'Connection: close', sync, true)),
    piece('resources', false, () => resources(setup, resourceful)),
  ];
}
