import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { plainEnvironment } from '../../bench/processes.ts';
import { exitOnSignals } from '../support/left-behind.ts';
import { FRONTS, type FrontName, frontCommand } from './fronts.ts';
import { inside, makeNetwork, missingFor, removeNetwork } from './network.ts';
import { type Fleet, SCENARIOS, type Scenario } from './scenarios.ts';
import { type Method, type Sent, summaryOf } from './sent.ts';
import { Service } from './service.ts';
import { HEADING, rowOf } from './table.ts';

// Machines of their own network behind a front, under load: what is lost when they are rolled, and when they fail.
// npm run fleet [-- --quick] [--front haproxy|nginx] [--only WORD]

const MACHINES = 3;
const PER_SECOND: Readonly<Record<Method, number>> = { GET: 100, POST: 50 };
/** Of load before and after what happens. */
const CALM_MS = 1000;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    front: { type: 'string' },
    only: { type: 'string', default: '' },
  },
});

const directory = mkdtempSync(join(tmpdir(), 'fleet-'));
const id = `${process.pid}`;
// However it ends, nothing is left of it.
process.on('exit', () => {
  removeNetwork(id);
  rmSync(directory, { recursive: true, force: true });
});
exitOnSignals();

process.exit(await main());

async function main(): Promise<number> {
  const wanted = FRONTS.filter((name) => values.front === undefined || name === values.front).map(
    (front) => ({
      front,
      scenarios: SCENARIOS.filter(({ title }) => title.includes(values.only)).filter(({ fronts, quick }) =>
        (values.quick ? quick : fronts).includes(front),
      ),
    }),
  );
  if (wanted.every(({ scenarios }) => scenarios.length === 0)) {
    const given = process.argv.slice(2).join(' ');
    const titles = SCENARIOS.map(({ title }) => `"${title}"`).join(', ');
    console.error(
      `npm run fleet: nothing matches "${given}"; there are the fronts ${FRONTS.join(' and ')}, and ${titles}`,
    );
    return 2;
  }
  const missing = missingFor(['haproxy', 'nginx']);
  if (missing !== null) {
    console.error(`SKIPPED: npm run fleet: ${missing}`);
    return 0;
  }
  const network = makeNetwork(id, MACHINES);
  const services = network.hosts.map((machine) => new Service(machine, directory));
  await Promise.all(services.map((service) => service.start()));
  const fleet: Fleet = { network, services, directory, quick: values.quick };
  let failed = false;
  console.log(HEADING);
  for (const { front, scenarios } of wanted)
    if (scenarios.length > 0) failed = !(await holdsBehind(front, fleet, scenarios)) || failed;
  const load = loadavg()[0]?.toFixed(1);
  console.log(
    `Times in ms, from when a request was due. ${availableParallelism()} processors, load ${load}.`,
  );
  return failed ? 1 : 0;
}

/** Runs the scenarios behind that front; false where one does not hold. */
async function holdsBehind(name: FrontName, fleet: Fleet, scenarios: readonly Scenario[]): Promise<boolean> {
  const front = started(fleet, ...frontCommand(name, fleet.directory));
  const url = `http://${fleet.network.front.address}`;
  let holds = true;
  try {
    for (const scenario of scenarios) holds = (await run(name, url, fleet, scenario)) && holds;
  } finally {
    front.child.kill('SIGTERM');
    await front.closed;
  }
  if (!holds) console.error(front.errors());
  return holds;
}

async function run(front: FrontName, url: string, fleet: Fleet, { title, act }: Scenario): Promise<boolean> {
  const script = join(import.meta.dirname, 'load-process.ts');
  const words = [url, `${PER_SECOND.GET}`, `${PER_SECOND.POST}`];
  const load = started(fleet, process.execPath, script, ...words);
  await load.begun;
  await pause(CALM_MS);
  const allowed = await act(fleet);
  await pause(CALM_MS);
  load.child.kill('SIGTERM');
  await load.closed;
  const sent = sentOf(load.output());
  const methods: readonly Method[] = ['GET', 'POST'];
  return methods
    .map((method) => {
      // What may be sent again is.
      const own = method === 'POST' ? allowed : null;
      const summary = summaryOf(sent, method, own);
      console.log(rowOf(front, title, method, summary, own !== null));
      return summary.unexcused === 0 && summary.sent > 0;
    })
    .every(Boolean);
}

/** Starts a command where the front is. */
function started({ network }: Fleet, ...command: readonly string[]) {
  const [file = '', ...args] = inside(network.front, ...command);
  const child = spawn(file, args, { env: plainEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
  let [output, errors] = ['', ''];
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = `${errors}${text}`.slice(-4000);
  });
  const closed = once(child, 'close');
  const begun = new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      resolve();
    });
    void closed.then(() => reject(new Error(`${command.join(' ')} ended: ${errors}`)));
  });
  // Of a front nobody waits for it.
  begun.catch(() => {});
  return { child, closed, begun, output: () => output, errors: () => errors };
}

function sentOf(output: string): readonly Sent[] {
  const lines = output.split('\n').filter((text) => text.startsWith('{'));
  return lines.map((text): Sent => JSON.parse(text));
}
