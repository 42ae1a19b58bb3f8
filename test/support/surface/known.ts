import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reason } from './reasons.ts';

/** The worker classes, each of which is compared with plain node:http. */
export const CLASSES = ['async', 'sync', 'thread'] as const;
export type Class = (typeof CLASSES)[number];

export type OfCase = Readonly<Partial<Record<Reason, readonly string[]>>>;

/** The lines of transcripts that differ, by class, case and reason: `- ` those of node:http, `+ ` those of the class. */
export type Differences = Readonly<Record<Class, Readonly<Record<string, OfCase>>>>;

/** The Node whose differences are listed whole; of another one, a list has the cases that differ in another way. */
export const LISTED = '26';
export const OTHERS: readonly string[] = ['24'];

/** Where a list of this folder is. */
export function listPath(name: string): string {
  return join(import.meta.dirname, name);
}

/** Where the list of a major version of Node is. */
export function differencesPath(node: string): string {
  return listPath(node === LISTED ? 'differences.json' : `differences.${node}.json`);
}

/** What the list of a major version of Node has. */
export function listOf(node: string): Differences {
  return JSON.parse(readFileSync(differencesPath(node), 'utf8'));
}

/** All differences with a major version of Node. */
export function differencesOf(node: string): Differences {
  const whole = listOf(LISTED);
  if (!OTHERS.includes(node)) return whole;
  const other = listOf(node);
  const [async, sync, thread] = CLASSES.map((name) => ({ ...whole[name], ...other[name] }));
  return { async: async ?? {}, sync: sync ?? {}, thread: thread ?? {} };
}

/** The members of each object that are known, by its name. */
export function knownMembers(): Readonly<Record<string, readonly string[]>> {
  return JSON.parse(readFileSync(listPath('members.json'), 'utf8'));
}

/** Whether class sync runs a request at once is a matter of how long those before it took: what comes of that may be missing. */
export function isChance(name: Class, reason: string): boolean {
  return name === 'sync' && reason === 'whole';
}

/** The lines of a case that differ without fail: of those seen, or of those listed. */
export function withoutChance(
  name: Class,
  lines: readonly string[],
  listed: OfCase | undefined,
): readonly string[] {
  const chance = name === 'sync' ? (listed?.whole ?? []) : [];
  return lines.filter((line) => !chance.includes(line)).toSorted();
}

/** The lines that are listed of a case. */
export function linesOf(listed: OfCase | undefined): readonly string[] {
  return Object.values(listed ?? {})
    .flat()
    .toSorted();
}
