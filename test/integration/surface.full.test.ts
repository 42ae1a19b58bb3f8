import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CASES } from '../fixtures/surface/cases.ts';
import { type Kind, PROTOTYPES, publicMembers } from '../fixtures/surface/prototypes.ts';
import { deadlineMs } from '../support/patience.ts';
import {
  CLASSES,
  type Class,
  differencesOf,
  knownMembers,
  LISTED,
  linesOf,
  OTHERS,
  withoutChance,
} from '../support/surface/known.ts';
import { LEFT_OUT } from '../support/surface/left-out.ts';
import { REASONS } from '../support/surface/reasons.ts';
import { classesOf, type Seen, Surfaces } from '../support/surface/servers.ts';

const [version = ''] = process.versions.node.split('.');
const isListed = version === LISTED || OTHERS.includes(version);
if (!isListed)
  console.warn(
    `SKIPPED: ${Object.keys(CASES).length} cases; their differences are listed for Node ${[LISTED, ...OTHERS].join(' and ')}`,
  );

const differences = differencesOf(version);

/** What happens in two processes at once may interleave in more than one way. */
const ATTEMPTS = 4;

const surfaces = new Surfaces();

beforeAll(() => (isListed ? surfaces.start() : undefined));
afterAll(() => surfaces.close());

const sure = (title: string, of: (name: Class) => readonly string[]): Seen =>
  Object.fromEntries(
    classesOf(title).map((name) => [name, withoutChance(name, of(name), differences[name][title])]),
  );

describe.runIf(isListed)('a handler sees what it sees in node:http, but for what is known', () => {
  it.each(Object.keys(CASES))('%s', async (title) => {
    const expected = sure(title, (name) => linesOf(differences[name][title]));
    const look = async () => {
      const seen = await surfaces.compare(title);
      return sure(title, (name) => seen[name] ?? []);
    };
    for (let attempt = 1; attempt < ATTEMPTS; attempt++)
      if (JSON.stringify(await look()) === JSON.stringify(expected)) return;
    expect(await look()).toEqual(expected);
  });

  it('in every member that Node has', async () => {
    const members = knownMembers();
    const lines = await surfaces.reference('every member when the handler begins');
    const seen = lines
      .map((line) => /^(req|res|socket)\.(\w+) /.exec(line))
      .filter((found) => found !== null);
    expect(seen.length).toBeGreaterThan(200);
    // A member that Node has anew: say in a case what it does, and list it with `npm run surface`.
    expect(
      seen.filter(([, of = '', name = '']) => !members[of]?.includes(name)).map(([text]) => text),
    ).toEqual([]);
  });

  it('in every member of the prototypes: a case uses it in all classes, or it is said why none does', async () => {
    const calls = await surfaces.calls();
    const lines = await surfaces.reference('every member when the handler begins');
    const values = new Set(lines.map((line) => line.split(' ', 1)[0]));
    const leftOut = LEFT_OUT.flatMap(({ of, names }) => names.map((name) => `${of}.${name}`));
    const all = (Object.keys(PROTOTYPES) as Kind[]).flatMap((of) =>
      [...publicMembers(of)].map(([name, is]) => ({ text: `${of}.${name}`, is })),
    );
    const isUsed = ({ text, is }: (typeof all)[number]) => (is === 'method' ? calls : values).has(text);
    expect(all.filter((member) => !isUsed(member) && !leftOut.includes(member.text))).toEqual([]);
    expect(all.filter((member) => isUsed(member) && leftOut.includes(member.text))).toEqual([]);
  });

  it('and each difference that is known is one of the reasons of docs/differences.md', () => {
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

  it('and each difference that is known is of a case', () => {
    const titles = CLASSES.flatMap((name) => Object.keys(differences[name]));
    expect(titles.filter((title) => !(title in CASES))).toEqual([]);
  });

  // The last one: they have ended then.
  it('the event close of an exported http.Server', async () => {
    expect(await surfaces.closed(deadlineMs())).toEqual({
      'node:http': true,
      async: true,
      sync: true,
      thread: true,
    });
  });
});
