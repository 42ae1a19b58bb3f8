// Runs the packages under tsunicorn. Without --check it writes what it finds, and docs/compatibility.md.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { wholeNumber } from '../../scripts/support/whole-number.ts';
import { root } from '../support/tsunicorn.ts';
import type { Fixture } from './fixture.ts';
import { FIXTURES } from './fixtures.ts';
import { install, Unreachable } from './install.ts';
import { measure } from './measure.ts';
import { differences, type Outcomes, readResults, textOf, writeResults } from './results.ts';

const HELP = `npm run compatibility [-- options]
  --all          also the packages that take long to install or to build
  --only <text>  those whose names contain it
  --check        write nothing; fail where a cell differs from docs/compatibility.md
  --report <file>  write how many cells are as listed, as JSON
  --jobs <n>     how many packages are run at a time (default: 2)`;

const { values } = parseArgs({
  options: {
    all: { type: 'boolean', default: false },
    only: { type: 'string' },
    check: { type: 'boolean', default: false },
    report: { type: 'string' },
    jobs: { type: 'string', default: '2' },
    help: { type: 'boolean', default: false },
  },
});

/** What a package did: null where its packages cannot be fetched. */
type Run = Outcomes | null;

const folders = new Map<string, Promise<string>>();

/** The folder of a group; its packages are installed once. */
function folderOf(group: string): Promise<string> {
  const known = folders.get(group);
  if (known) return known;
  const folder = install(group);
  folders.set(group, folder);
  return folder;
}

async function run(one: Fixture): Promise<Run> {
  let folder: string;
  try {
    folder = await folderOf(one.group);
  } catch (error) {
    if (error instanceof Unreachable) return null;
    throw error;
  }
  return measure(one, folder);
}

/** Where a change lands, another try tells a cell that the machine has disturbed from one that differs: both are printed. */
async function compared(
  one: Fixture,
): Promise<{ readonly outcomes: Run; readonly differing: readonly string[] }> {
  const known = readResults().packages[one.name] ?? {};
  let outcomes = await run(one);
  let differing = outcomes === null ? [] : differences(one, outcomes, known);
  if (differing.length > 0 && process.env.CI) {
    console.log(`once more: ${differing.join('\n')}`);
    outcomes = await run(one);
    differing = outcomes === null ? [] : differences(one, outcomes, known);
  }
  return { outcomes, differing };
}

async function inParallel<Item>(items: readonly Item[], jobs: number, work: (item: Item) => Promise<void>) {
  const left = [...items];
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: jobs }, worker));
}

function chosen(): readonly Fixture[] {
  const { all, only } = values;
  return FIXTURES.filter(({ name, onDemand }) =>
    only === undefined ? all || !onDemand : name.toLowerCase().includes(only.toLowerCase()),
  );
}

function report(passed: number, failed: number, skipped: number): void {
  if (values.report === undefined) return;
  const counts = {
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: skipped,
    numTodoTests: 0,
  };
  writeFileSync(values.report, JSON.stringify({ ...counts, success: failed === 0 }));
}

async function main(): Promise<void> {
  const fixtures = chosen();
  const found: Record<string, Outcomes> = {};
  const differing: string[] = [];
  const skipped: string[] = [];
  await inParallel(fixtures, wholeNumber('jobs', values.jobs), async (one) => {
    const startedMs = performance.now();
    const { outcomes, differing: lines } = await compared(one);
    if (outcomes === null) return void skipped.push(one.name);
    found[one.name] = outcomes;
    differing.push(...lines);
    const cells = Object.entries(outcomes).map(([column, outcome]) => `  ${column}: ${textOf(outcome)}\n`);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
    console.log(
      `${one.name}, ${Object.keys(found).length} of ${fixtures.length}, ${seconds} s\n${cells.join('')}`,
    );
  });
  if (skipped.length > 0)
    console.log(
      `SKIPPED: ${skipped.length} packages, as the npm registry cannot be reached: ${skipped.join(', ')}`,
    );
  const cells = Object.values(found).flatMap((outcomes) => Object.keys(outcomes)).length;
  report(cells - differing.length, differing.length, skipped.length);
  if (!values.check) {
    writeResults(found, FIXTURES);
    execFileSync(process.execPath, [join(root, 'scripts/docs.ts')], { stdio: 'inherit' });
  }
  for (const line of differing) console.log(line);
  console.log(`${cells} cells of ${Object.keys(found).length} packages, ${differing.length} not as listed`);
  if (values.check && differing.length > 0) process.exitCode = 1;
}

if (values.help) console.log(HELP);
else await main();
