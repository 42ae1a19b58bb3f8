import {
  answers,
  endsQuietly,
  openSocket,
  reloads,
  stops,
  streams,
  tellsOfLeaving,
  wasClosedWith,
} from './checks.ts';
import { type Column, dashOf, type Fixture } from './fixture.ts';
import type { Outcome, Outcomes } from './results.ts';
import { type Subject, serve, servePlain } from './subject.ts';

const WAYS = ['exported async', 'exported sync', 'exported thread', 'program async', 'program sync'] as const;

/** What is asked of an exported application and of a program, in class async. */
const BEHAVIOUR = ['streaming', 'abort', 'reload', 'stop', 'websocket'] as const;

type Behaviour = Partial<Record<(typeof BEHAVIOUR)[number], Outcome>>;
type Found = Partial<Record<Column, Outcome>>;

/** Runs a package in every way; resolves with the outcome of each column that makes sense. `folder` has its group's packages. */
export async function measure(one: Fixture, folder: string): Promise<Outcomes> {
  const found: Found = {};
  for (const column of WAYS.filter((way) => dashOf(one, way) === null)) {
    const [way = '', workerClass = ''] = column.split(' ');
    const target = way === 'exported' ? `${one.exported}:default` : `${one.program}`;
    const { served, behaviour } = await trial(one, folder, [target, '-k', workerClass]);
    found[column] = served;
    if (behaviour === null) continue;
    for (const name of BEHAVIOUR.filter((name) => dashOf(one, name) === null))
      found[name] = worse(found[name], qualified(behaviour[name], way));
  }
  return compared(one, folder, found);
}

interface Trial {
  readonly served: Outcome;
  /** Null where it is not asked. */
  readonly behaviour: Behaviour | null;
}

/** Serves the target and looks what it does; its behaviour is asked in class async only. */
async function trial(one: Fixture, folder: string, args: readonly string[]): Promise<Trial> {
  const isWhole = args.includes('async');
  let subject: Subject;
  try {
    subject = await serve(one, folder, args);
  } catch (error) {
    return { served: no(error), behaviour: isWhole ? {} : null };
  }
  try {
    const served = await attempt(() => answers(subject));
    if (isWhole) return { served, behaviour: served === 'yes' ? await behaviourOf(subject) : {} };
    return { served: served === 'yes' ? await attempt(() => endsQuietly(subject)) : served, behaviour: null };
  } finally {
    await subject.kill();
  }
}

async function behaviourOf(subject: Subject): Promise<Behaviour> {
  const { sockets } = subject.fixture;
  const streaming = await attempt(() => streams(subject));
  const abort = await attempt(() => tellsOfLeaving(subject));
  const reload = await attempt(() => reloads(subject));
  const socket = sockets === null ? null : openSocket(subject.origin, sockets);
  const opened = await attempt(async () => void (await socket));
  const stop = await attempt(() => stops(subject));
  const websocket =
    opened === 'yes' && socket !== null
      ? await attempt(async () => wasClosedWith(await socket, 1001))
      : opened;
  return { streaming, abort, reload, stop, websocket };
}

/** Marks what a program does with plain node too. */
async function compared(one: Fixture, folder: string, found: Found): Promise<Outcomes> {
  const isServed = found['program async'] === 'yes';
  const asked = isServed ? { streaming: streams, abort: tellsOfLeaving } : { 'program async': answers };
  const doubtful = Object.entries(asked).filter(([name]) => typeof found[name as Column] === 'object');
  if (one.program === null || doubtful.length === 0) return found;
  const outcomes = { ...found };
  for (const [name, check] of doubtful) {
    const outcome = await attempt(() => withPlainNode(one, folder, check));
    const ours = outcomes[name as Column];
    if (outcome !== 'yes' && typeof ours === 'object') outcomes[name as Column] = { ...ours, node: 'no' };
  }
  return outcomes;
}

async function withPlainNode(one: Fixture, folder: string, check: (subject: Subject) => Promise<void>) {
  const subject = await servePlain(one, folder);
  try {
    await check(subject);
  } finally {
    await subject.kill();
  }
}

/** `yes` unless it throws. */
async function attempt(check: () => Promise<void>): Promise<Outcome> {
  try {
    await check();
    return 'yes';
  } catch (error) {
    return no(error);
  }
}

function no(error: unknown): Outcome {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return { no: line };
}

/** Says in which way it is so. */
function qualified(outcome: Outcome | undefined, way: string): Outcome {
  if (outcome === 'yes') return outcome;
  return { no: `${way}: ${outcome === undefined ? 'it is not served' : outcome.no}` };
}

function worse(one: Outcome | undefined, other: Outcome): Outcome {
  return one === undefined || one === 'yes' ? other : one;
}
