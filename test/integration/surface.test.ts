import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CASES } from '../fixtures/surface/cases.ts';
import { diff } from '../support/surface/diff.ts';
import { REASONS, type Reason } from '../support/surface/reasons.ts';
import { Ear, transcribe } from '../support/surface/run.ts';
import { Running, root } from '../support/tsunicorn.ts';

const CLASSES = ['async', 'sync', 'thread'] as const;
type Class = (typeof CLASSES)[number];

/** The lines of transcripts that differ, by class, case and reason: `- ` those of node:http, `+ ` those of the class. */
type Differences = Readonly<
  Record<Class, Readonly<Record<string, Readonly<Partial<Record<Reason, readonly string[]>>>>>>
>;

const read = (name: string) => JSON.parse(readFileSync(join(root, 'test/support/surface', name), 'utf8'));
const members: Readonly<Record<string, readonly string[]>> = read('members.json');

/** The Node whose differences are listed whole; of another one, a list has the cases that differ in another way. */
const LISTED = '26';
const OTHERS: readonly string[] = ['24'];
const [version = ''] = process.versions.node.split('.');
const isListed = version === LISTED || OTHERS.includes(version);
if (!isListed)
  console.warn(
    `SKIPPED: ${Object.keys(CASES).length} cases; their differences are listed for Node ${[LISTED, ...OTHERS].join(' and ')}`,
  );

function differencesOf(node: string): Differences {
  const whole: Differences = read('differences.json');
  if (!OTHERS.includes(node)) return whole;
  const other: Differences = read(`differences.${node}.json`);
  const [async, sync, thread] = CLASSES.map((name) => ({ ...whole[name], ...other[name] }));
  return { async: async ?? {}, sync: sync ?? {}, thread: thread ?? {} };
}

const differences = differencesOf(version);

/** What happens in two processes at once may interleave in more than one way. */
const ATTEMPTS = 4;

let ear: Ear | undefined;
let running: readonly Running[] = [];
const ports = new Map<string, number>();

beforeAll(async () => {
  if (!isListed) return;
  ear = new Ear();
  const options = { cwd: root, env: { SURFACE: ear.path } };
  const app = 'test/fixtures/surface/app.ts:app';
  const args = ['-b', '127.0.0.1:0', '--keep-alive', '5'];
  const servers = new Map([
    ['node:http', new Running([], { ...options, script: join(root, 'test/fixtures/surface/reference.ts') })],
    ...CLASSES.map((name): [string, Running] => {
      const threads = name === 'thread' ? ['--threads', '1'] : [];
      return [name, new Running([...args, ...threads, '-k', name, app], options)];
    }),
  ]);
  running = [...servers.values()];
  await Promise.all(
    [...servers].map(async ([name, server]) => ports.set(name, Number(new URL(await server.url()).port))),
  );
});

afterAll(() => {
  for (const server of running)
    for (const pid of [server.pid, ...server.workers()]) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended already.
      }
    }
  ear?.close();
});

const transcript = (on: string, title: string) => {
  const one = CASES[title];
  if (one === undefined || ear === undefined) throw new Error(`there is no case ${title}`);
  return transcribe(ear, ports.get(on) ?? 0, on, title, one);
};

/** The lines that differ, for each class that has the case. */
async function compare(title: string): Promise<Readonly<Record<string, readonly string[]>>> {
  const classes = CLASSES.filter((name) => name !== 'sync' || !CASES[title]?.beforeBody);
  const [plain = [], ...others] = await Promise.all(
    ['node:http', ...classes].map((on) => transcript(on, title)),
  );
  return Object.fromEntries(classes.map((name, at) => [name, diff(plain, others[at] ?? []).toSorted()]));
}

type Seen = Readonly<Record<string, readonly string[]>>;

/** What `compare` is to return. */
function known(title: string): Seen {
  const classes = CLASSES.filter((name) => name !== 'sync' || !CASES[title]?.beforeBody);
  return Object.fromEntries(
    classes.map((name) => [
      name,
      Object.values(differences[name][title] ?? {})
        .flat()
        .toSorted(),
    ]),
  );
}

/** Whether class sync runs a request at once is a matter of how long those before it took: what comes of that may be missing. */
function withoutChance(title: string, seen: Seen): Seen {
  const chance = differences.sync[title]?.whole ?? [];
  return seen.sync ? { ...seen, sync: seen.sync.filter((line) => !chance.includes(line)) } : seen;
}

describe.runIf(isListed)('a handler sees what it sees in node:http, but for what is known', () => {
  it.each(Object.keys(CASES))('%s', async (title) => {
    const expected = withoutChance(title, known(title));
    const look = async () => withoutChance(title, await compare(title));
    for (let attempt = 1; attempt < ATTEMPTS; attempt++)
      if (JSON.stringify(await look()) === JSON.stringify(expected)) return;
    expect(await look()).toEqual(expected);
  });

  it('in every member that Node has', async () => {
    const lines = await transcript('node:http', 'every member when the handler begins');
    const seen = lines
      .map((line) => /^(req|res|socket)\.(\w+) /.exec(line))
      .filter((found) => found !== null);
    expect(seen.length).toBeGreaterThan(200);
    // A member that Node has anew: say in a case what it does, and list it.
    expect(
      seen.filter(([, of = '', name = '']) => !members[of]?.includes(name)).map(([text]) => text),
    ).toEqual([]);
  });

  it('and each that is known is one of the reasons of docs/differences.md', () => {
    const used = CLASSES.flatMap((name) =>
      Object.values(differences[name]).flatMap((reasons) =>
        Object.keys(reasons).map((reason) => `${name} ${reason}`),
      ),
    );
    const told = Object.entries(REASONS).flatMap(([reason, { classes }]) =>
      classes.map((name) => `${name} ${reason}`),
    );
    expect([...new Set(used)].toSorted()).toEqual(told.toSorted());
  });
});
