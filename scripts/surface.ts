// Writes the lists of what differs from node:http, for the Node that runs it: see CONTRIBUTING.md.
import { writeFileSync } from 'node:fs';
import { CASES } from '../test/fixtures/surface/cases.ts';
import {
  CLASSES,
  type Class,
  type Differences,
  differencesOf,
  differencesPath,
  isChance,
  knownMembers,
  LISTED,
  linesOf,
  listOf,
  listPath,
  type OfCase,
  OTHERS,
  withoutChance,
} from '../test/support/surface/known.ts';
import { type Seen, Surfaces } from '../test/support/surface/servers.ts';

/** Lines that were in no list: which reason they have is for whoever runs this to say. */
const UNEXPLAINED = 'unexplained';

/** What happens in two processes at once may interleave in more than one way. */
const ATTEMPTS = 4;

type Explained = Readonly<Record<string, readonly string[]>>;
type List = Record<Class, Record<string, Explained>>;

/** Each line under the reason that it has in the list. */
function explain(name: Class, lines: readonly string[], listed: OfCase): Explained {
  const left = Object.entries(listed).flatMap(([reason, those]) => those.map((line) => ({ reason, line })));
  const explained: Record<string, string[]> = {};
  const add = (reason: string, line: string) => {
    explained[reason] = [...(explained[reason] ?? []), line];
  };
  for (const line of lines) {
    const at = left.findIndex((one) => one.line === line);
    const [known] = at >= 0 ? left.splice(at, 1) : [];
    add(known?.reason ?? UNEXPLAINED, line);
  }
  // It may be there the next time.
  for (const { reason, line } of left) if (isChance(name, reason)) add(reason, line);
  return explained;
}

function isSame(name: Class, lines: readonly string[], listed: OfCase | undefined): boolean {
  const [seen, known] = [lines, linesOf(listed)].map((those) => withoutChance(name, those, listed));
  return JSON.stringify(seen) === JSON.stringify(known);
}

/** What is seen, as often as is needed until it is what is listed, or for the last time. */
async function look(surfaces: Surfaces, title: string, listed: Differences): Promise<Seen> {
  let seen: Seen = {};
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    seen = await surfaces.compare(title);
    const { async, sync, thread } = seen;
    const differs = Object.entries({ async, sync, thread }).some(
      ([name, lines]) => lines && !isSame(name as Class, lines, listed[name as Class][title]),
    );
    if (!differs) break;
  }
  return seen;
}

/** Whether a case is to be in the list; that of a Node that is not LISTED has only what differs from the list of LISTED. */
function isInList(name: Class, title: string, lines: readonly string[]): boolean {
  const reasons = Object.keys(own[name][title] ?? {});
  if (reasons.some((reason) => isChance(name, reason))) return true;
  return node === LISTED ? lines.length > 0 : !isSame(name, lines, whole[name][title]);
}

async function seenMembers(surfaces: Surfaces): Promise<Record<string, string[]>> {
  const members = Object.entries(knownMembers()).map(([of, names]) => [of, new Set(names)] as const);
  for (const line of await surfaces.reference('every member when the handler begins')) {
    const [, kind, name = ''] = /^(req|res|socket)\.(\w+) /.exec(line) ?? [];
    members.find(([of]) => of === kind)?.[1].add(name);
  }
  return Object.fromEntries(members.map(([of, names]) => [of, [...names].toSorted()]));
}

function write(path: string, value: object): void {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
  console.log(path);
}

const [node = ''] = process.versions.node.split('.');
if (node !== LISTED && !OTHERS.includes(node)) {
  console.error(
    `Node ${node} has no list: add it to OTHERS of test/support/surface/known.ts, or make it LISTED`,
  );
  process.exit(1);
}
const listed = differencesOf(node);
const whole = listOf(LISTED);
const own = listOf(node);
const list: List = { async: {}, sync: {}, thread: {} };
const surfaces = new Surfaces();
try {
  await surfaces.start();
  for (const title of Object.keys(CASES)) {
    const seen = await look(surfaces, title, listed);
    for (const name of CLASSES) {
      const lines = seen[name];
      if (lines === undefined || !isInList(name, title, lines)) continue;
      const explained = explain(name, lines, listed[name][title] ?? {});
      list[name][title] = explained;
      if (explained[UNEXPLAINED]) console.log(`${name}, ${title}: ${UNEXPLAINED}`);
    }
  }
  write(differencesPath(node), list);
  write(listPath('members.json'), await seenMembers(surfaces));
} finally {
  surfaces.close();
}
