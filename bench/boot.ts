import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { wakeProcessors } from './awake.ts';
import { built, tsunicornProgram } from './candidate.ts';
import { firstAnswer } from './first-answer.ts';
import { announcedUrl } from './launch.ts';
import { count, saveJson, showProgress, warnIfBusy } from './options.ts';
import { createProcesses, type Processes } from './processes.ts';
import { memoryOf, processTree } from './processor.ts';
import { markdown, spread } from './report.ts';
import { judge, rotated, type Summary, summarise } from './statistics.ts';

/** One way to start the same application module on a free port. */
interface Starter {
  readonly name: string;
  readonly command: readonly string[];
}

interface Memory {
  readonly rss: number;
  readonly pss: number;
}

/** One start: milliseconds from spawn to the first byte of the answer, and the idle memory of its processes. */
interface Start {
  readonly answerMs: number;
  readonly root: Memory;
  /** The one child of an arbiter. */
  readonly worker: Memory | null;
}

const server = (file: string): string => join(import.meta.dirname, 'servers', file);

const bare: Starter = { name: 'bare', command: [process.execPath, server('bare.js')] };
const importing: Starter = {
  name: 'bare, ESM import',
  command: [process.execPath, server('import-bare.js')],
};
const program: Starter = {
  name: 'tsunicorn, a program',
  command: tsunicornProgram('program.js', 1),
};
const command = [process.execPath, built, `${server('app.js')}:app`, '-w', '1', '-b', '127.0.0.1:0'];
const tsunicorn: Starter = { name: 'tsunicorn', command };
/** What the worker itself costs: the watchdog's thread has a bar of its own. */
const unwatched: Starter = {
  name: 'tsunicorn --no-watchdog',
  command: [...command, '--no-watchdog'],
};
const starters = [bare, importing, tsunicorn, unwatched, program];

function idleMemory(root: number): Pick<Start, 'root' | 'worker'> {
  const children = processTree(root).filter(({ parent }) => parent === root);
  const [worker] = children;
  if (children.length > 1)
    throw new Error(`process ${root} has ${children.length} children, expected one at most`);
  return { root: memoryOf(root), worker: worker === undefined ? null : memoryOf(worker.pid) };
}

// Asks only once the server has announced its address: polling would take a quarter of a processor from the start that
// is measured.
async function startOnce(processes: Processes, starter: Starter, settleMs: number): Promise<Start> {
  await wakeProcessors();
  const spawnedAt = performance.now();
  const child = processes.start(starter.command, { PORT: '0' });
  const answerMs = (await firstAnswer(await announcedUrl(starter.name, child))) - spawnedAt;
  await sleep(settleMs);
  if (child.pid === undefined) throw new Error(`${starter.name}: has no process id`);
  const memory = idleMemory(child.pid);
  await processes.end(child);
  return { answerMs, ...memory };
}

async function runRounds(
  processes: Processes,
  rounds: number,
  settleMs: number,
): Promise<ReadonlyMap<Starter, readonly Start[]>> {
  const starts = new Map<Starter, Start[]>(starters.map((starter) => [starter, []]));
  // Twice unmeasured: the first start writes the compile cache, the second proves that it can be read.
  for (let round = -2; round < rounds; round += 1) {
    for (const starter of rotated(starters, Math.max(round, 0))) {
      showProgress(`boot: round ${round + 1} of ${rounds}, ${starter.name}`);
      const start = await startOnce(processes, starter, settleMs);
      if (round >= 0) starts.get(starter)?.push(start);
    }
  }
  showProgress('');
  return starts;
}

const toMegabytes = (bytes: number): number => bytes / 1024 / 1024;

function memoryCells(memories: readonly (Memory | null)[]): readonly string[] {
  const known = memories.filter((memory) => memory !== null);
  if (known.length === 0) return ['-', '-'];
  return (['rss', 'pss'] as const).map((kind) =>
    spread(summarise(known.map((memory) => toMegabytes(memory[kind]))), 1),
  );
}

function numbersTable(starts: ReadonlyMap<Starter, readonly Start[]>): string {
  const rows = [...starts].map(([{ name }, series]) => [
    name,
    spread(summarise(series.map(({ answerMs }) => answerMs)), 0),
    ...memoryCells(series.map(({ root }) => root)),
    ...memoryCells(series.map(({ worker }) => worker)),
  ]);
  const header = ['started as', 'first answer ms', 'RSS MB', 'PSS MB', 'worker RSS MB', 'worker PSS MB'];
  return markdown(header, rows);
}

/** Each bar as a difference that was measured round by round, in its own unit, with its limit. */
function barRows(starts: ReadonlyMap<Starter, readonly Start[]>): readonly (readonly string[])[] {
  const base = starts.get(bare) ?? [];
  const ours = starts.get(tsunicorn) ?? [];
  const alone = starts.get(unwatched) ?? [];
  const programs = starts.get(program) ?? [];
  const paired = (read: (start: Start, peer: Start) => number, some = ours, peers = base): Summary =>
    summarise(some.flatMap((start, round) => peers.slice(round, round + 1).map((peer) => read(start, peer))));
  const workerRss = ({ worker }: Start): number => worker?.rss ?? Number.NaN;
  const rows: readonly (readonly [string, Summary, number])[] = [
    ['first answer after bare, ms', paired((start, peer) => start.answerMs - peer.answerMs), 100],
    [
      'first answer of a program, % of that of an export',
      paired((start, peer) => (100 * start.answerMs) / peer.answerMs, programs, ours),
      110,
    ],
    ['arbiter RSS, MB', paired((start) => toMegabytes(start.root.rss)), 62],
    [
      'worker RSS above bare, without the watchdog, MB',
      paired((start, peer) => toMegabytes(workerRss(start) - peer.root.rss), alone),
      8,
    ],
    [
      'RSS of the watchdog, MB',
      paired((start, peer) => toMegabytes(workerRss(start) - workerRss(peer)), ours, alone),
      15,
    ],
  ];
  return rows.map(([what, summary, limit]) => [
    what,
    `${summary.median.toFixed(1)} (${summary.q1.toFixed(1)}–${summary.q3.toFixed(1)})`,
    String(limit),
    judge(summary, 'at most', limit),
  ]);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '11' },
      settle: { type: 'string', default: '500' },
      json: { type: 'string' },
    },
  });
  const rounds = count('rounds', values.rounds);
  const settleMs = count('settle', values.settle);
  if (!existsSync(built)) throw new Error(`${built} does not exist; run "npm run build" first`);
  warnIfBusy();
  const processes = createProcesses();
  try {
    const starts = await runRounds(processes, rounds, settleMs);
    console.log(
      `Node ${process.versions.node}, ${rounds} rounds, idle for ${settleMs} ms; median (min–max)\n`,
    );
    console.log(numbersTable(starts));
    console.log(`\n${markdown(['bar', 'median (quartiles)', 'at most', 'mark'], barRows(starts))}`);
    saveJson(
      values.json ?? null,
      [...starts].map(([{ name }, series]) => ({ name, starts: series })),
    );
  } finally {
    await processes.endAll();
  }
}

try {
  await main();
} catch (thrown) {
  console.error(`bench:boot: ${thrown instanceof Error ? thrown.message : thrown}`);
  process.exitCode = 1;
}
