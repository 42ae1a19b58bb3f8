import { perform } from './client.ts';
import { drawFrames } from './frames.ts';
import { askHonestly } from './honest.ts';
import { type DrawScript, type Script, scriptsOf } from './script.ts';
import { validRequests } from './seeds.ts';
import { type Name, Service, speaksHttp2 } from './service.ts';

/** How many connections there are at a time. */
const AT_ONCE = 32;
/** An honest client asks before each so many connections. */
const HONEST_EVERY = 20;
/** How often the memory is looked at. */
const LOOK_EVERY = 50_000;
/** Between them the memory must be flat; where it is not, after as many requests again, as a leak grows on. */
const FLAT_FROM = 50_000;
const FLAT_TO = 200_000;
/** By how much it may grow: what V8 gives back late is no leak. */
const GROWTH = 1.1;

export interface FuzzOptions {
  readonly name: Name;
  readonly seed: number;
  /** How many requests are made in all. */
  readonly requests: number;
  /** How long after the service serves it ends although there were fewer. */
  readonly lastsMs?: number;
  readonly say?: (line: string) => void;
}

export interface Fuzzed {
  readonly requests: number;
  readonly connections: number;
  /** Those that were answered as they should be. */
  readonly honest: number;
  /** Megabytes of the worker after so many requests. */
  readonly memory: readonly { readonly requests: number; readonly megabytes: number }[];
  /** Null where everything held. */
  readonly failure: Failure | null;
}

export interface Failure {
  readonly what: string;
  /** The connections that were there when it failed. */
  readonly connections: readonly number[];
}

/** How the connections of a service are drawn. */
export function drawFor(name: Name): DrawScript {
  return speaksHttp2(name) ? drawFrames : scriptsOf(validRequests());
}

/** Sends requests to a service until there were so many, or one of them did harm. */
export async function fuzz({
  name,
  seed,
  requests: total,
  lastsMs = Infinity,
  say,
}: FuzzOptions): Promise<Fuzzed> {
  const draw = drawFor(name);
  const service = await Service.start(name);
  const untilMs = performance.now() + lastsMs;
  const { worker } = service;
  const underWay = new Set<number>();
  const memory: { requests: number; megabytes: number }[] = [];
  let [requests, connections, honest, wanted] = [0, 0, 0, 0];
  let failure: Failure | null = null;

  const fail = (what: string | null, own?: number) => {
    if (what !== null) failure ??= { what, connections: own === undefined ? [...underWay] : [own] };
  };
  const look = () => {
    if (service.worker !== worker) fail(`the worker has ended\n${service.log}`);
    else if (service.log !== '') fail(`the service has logged\n${service.log}`);
  };
  const client = async () => {
    while (failure === null && requests < wanted && performance.now() < untilMs) {
      const connection = connections++;
      const script = draw(seed, connection);
      requests += script.requests;
      underWay.add(connection);
      if (connection % HONEST_EVERY === 0) {
        const fault = await askHonestly(service, name);
        if (fault === null) honest++;
        fail(fault && `an honest request: ${fault}`);
      }
      fail(await perform(service, script, connection), connection);
      look();
      underWay.delete(connection);
    }
  };
  const goOnTo = async (total: number) => {
    for (const step of steps(requests, total)) {
      wanted = step;
      await Promise.all(Array.from({ length: AT_ONCE }, client));
      if (failure !== null || performance.now() >= untilMs) return;
      const megabytes = await settledMemory(service);
      memory.push({ requests, megabytes });
      say?.(`${name}: ${requests} requests on ${connections} connections, ${Math.round(megabytes)} MB`);
    }
  };
  try {
    await goOnTo(total);
    if (failure === null && growth(memory, FLAT_FROM, FLAT_TO) !== null) {
      await goOnTo(2 * FLAT_TO);
      failure ??= growth(memory, FLAT_TO, 2 * FLAT_TO);
    }
    if (honest === 0) fail('no honest request was answered');
    return { requests, connections, honest, memory, failure };
  } finally {
    await service.stop();
  }
}

/** After how many requests the memory is looked at, from so many to so many. */
function steps(from: number, to: number): readonly number[] {
  const first = Math.floor(from / LOOK_EVERY) + 1;
  const some = Array.from(
    { length: Math.max(0, Math.floor(to / LOOK_EVERY) - first + 1) },
    (_, at) => (first + at) * LOOK_EVERY,
  );
  return some.at(-1) === to ? some : [...some, to];
}

/** The least that it has within a second without requests. */
async function settledMemory(service: Service): Promise<number> {
  const seen: number[] = [];
  for (let times = 0; times < 10; times++) {
    await new Promise((done) => setTimeout(done, 100));
    seen.push(service.megabytes);
  }
  return Math.min(...seen);
}

function growth(memory: Fuzzed['memory'], least: number, most: number): Failure | null {
  const [from, to] = [least, most].map((after) => memory.find(({ requests }) => requests >= after));
  if (from === undefined || to === undefined || to.megabytes <= from.megabytes * GROWTH) return null;
  const what = `the memory grew from ${from.megabytes} to ${to.megabytes} MB`;
  return { what, connections: [] };
}

/** Plays one connection of a seed again, alone; or a script that was made of it. */
export async function replay(name: Name, connection: number, script: Script): Promise<string | null> {
  const service = await Service.start(name);
  const { worker } = service;
  try {
    const fault = (await perform(service, script, connection)) ?? (await askHonestly(service, name));
    if (service.worker !== worker) return `the worker has ended\n${service.log}`;
    return fault ?? (service.log === '' ? null : `the service has logged\n${service.log}`);
  } finally {
    await service.stop();
  }
}
