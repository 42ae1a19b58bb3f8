import { Chance } from './chance.ts';
import { Coverage } from './coverage.ts';
import { drawOperation, type Operation } from './operations.ts';
import { type Beginning, World } from './world.ts';

const OPERATIONS = 120;
/** The last ones, which are likely to stop the service. */
const LAST = 15;
/** After so long without failures every delay is over: back-off, a hanging reader, a boot, a grace period. */
const CALM_MS = 100_000;
const END_MS = 60_000;

export interface RunOptions {
  /** Whether what the arbiter logs is kept. */
  readonly log?: boolean;
  readonly coverage?: Coverage;
  readonly beginning?: Beginning;
}

/** The result of one schedule. */
export interface Outcome {
  readonly seed: number;
  readonly operations: readonly Operation[];
  readonly beginning: Beginning;
  /** Null where everything held. */
  readonly failure: string | null;
  readonly steps: number;
  readonly digest: number;
  readonly log: readonly string[];
}

/** Draws a schedule from the seed and runs it. */
export function runSeed(seed: number, coverage = new Coverage()): Promise<Outcome> {
  const chance = new Chance(seed, 5);
  const operations: Operation[] = [];
  const next = (): Operation | undefined => {
    if (operations.length >= OPERATIONS) return undefined;
    const operation = drawOperation(chance, operations.length >= OPERATIONS - LAST);
    operations.push(operation);
    return operation;
  };
  return run(seed, operations, next, { log: false, coverage, beginning: {} });
}

/** Runs those operations in the world of the seed. */
export function runOperations(
  seed: number,
  operations: readonly Operation[],
  { log = false, coverage = new Coverage(), beginning = {} }: RunOptions = {},
): Promise<Outcome> {
  const left = [...operations];
  return run(seed, operations, () => left.shift(), { log, coverage, beginning });
}

async function run(
  seed: number,
  operations: readonly Operation[],
  next: () => Operation | undefined,
  { coverage, beginning, log }: Required<RunOptions>,
): Promise<Outcome> {
  const world = new World(seed, coverage, beginning);
  if (log) world.log.lines = [];
  await world.settle();
  for (let operation = next(); operation && world.goesOn; operation = next()) {
    world.log.lines?.push(`${world.clock.now()} --- ${JSON.stringify(operation)}`);
    await world.perform(operation);
  }
  await comeToRest(world);
  await end(world);
  const { steps, digest, invariants } = world;
  const { failure } = invariants;
  return { seed, operations, beginning, failure, steps, digest, log: world.log.lines ?? [] };
}

/** Once nothing fails any more, the service becomes as desired. */
async function comeToRest(world: World): Promise<void> {
  if (!world.goesOn) return;
  world.log.lines?.push('--- calm');
  world.heal();
  await world.settle();
  if (world.arbiter.steps.intent.name === 'resting') world.queue.push({ type: 'signal', signal: 'SIGHUP' });
  await world.settle();
  const { intent } = world.arbiter.steps;
  // A drain goes on until the service is stopped.
  if (intent.name === 'lingering' && intent.untilMs === Infinity) return;
  await world.wait(CALM_MS);
  // In development an application that could not be loaded is tried again where a file changes, and only there.
  if (world.goesOn && world.development?.isWaiting) {
    await world.perform({ op: 'save' });
    await world.wait(CALM_MS);
  }
  if (world.goesOn) world.invariants.calm();
}

/** A stop ends the service, and leaves nothing behind. */
async function end(world: World): Promise<void> {
  if (world.goesOn) {
    world.log.lines?.push('--- the end');
    world.queue.push({ type: 'signal', signal: 'SIGTERM' });
    await world.settle();
    await world.wait(END_MS);
  }
  if (world.invariants.failure !== null) return;
  if (world.status === null) world.invariants.fail('the service does not end');
  // What goes on by itself, such as a reader that has answered.
  for (
    let next = world.clock.nextMs;
    next < Infinity && next < world.clock.now() + END_MS;
    next = world.clock.nextMs
  )
    await world.fire();
  world.invariants.ended();
}
