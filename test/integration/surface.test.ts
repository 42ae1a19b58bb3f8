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
const differences: Differences = read('differences.json');
const members: Readonly<Record<string, readonly string[]>> = read('members.json');

/** What happens in two processes at once may interleave in more than one way. */
const ATTEMPTS = 4;

/** The Node whose differences are listed; another one orders some events in another way, in all classes and without us. */
const LISTED = '26';
const isListed = process.versions.node.split('.')[0] === LISTED;
if (!isListed)
  console.warn(
    `SKIPPED: ${Object.keys(CASES).length} cases; their differences are listed for Node ${LISTED}`,
  );

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

/** What `compare` may return: whether class sync runs a request at once is a matter of how long those before it took. */
function known(title: string): readonly Readonly<Record<string, readonly string[]>>[] {
  const classes = CLASSES.filter((name) => name !== 'sync' || !CASES[title]?.beforeBody);
  const all = Object.fromEntries(
    classes.map((name) => [
      name,
      Object.values(differences[name][title] ?? {})
        .flat()
        .toSorted(),
    ]),
  );
  const { whole, ...others } = differences.sync[title] ?? {};
  return whole ? [all, { ...all, sync: Object.values(others).flat().toSorted() }] : [all];
}

describe.runIf(isListed)('a handler sees what it sees in node:http, but for what is known', () => {
  it.each(Object.keys(CASES))('%s', async (title) => {
    const expected = known(title);
    const isKnown = (seen: object) => expected.some((one) => JSON.stringify(one) === JSON.stringify(seen));
    for (let attempt = 1; attempt < ATTEMPTS; attempt++) if (isKnown(await compare(title))) return;
    const seen = await compare(title);
    if (!isKnown(seen)) expect(seen).toEqual(expected[0]);
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
