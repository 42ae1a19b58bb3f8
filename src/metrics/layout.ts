import { DURATION_BOUNDS, type Family, type FamilyName, families } from './catalogue.ts';

/** One labelled member of a family, and where its numbers are. */
export interface Member {
  readonly labels: Readonly<Record<string, string>>;
  /** Of a histogram: the sum, then the buckets with the last for what lies above all bounds; of a summary: sum, count. */
  readonly at: number;
}

/** The numbers of a block before its first figure. */
export const HEADER = {
  /** The age of the worker that counts there, which is above 0; 0 where nobody does. Of an arbiter's block: odd while it is changed. */
  owner: 0,
  pid: 1,
  /** Its slot plus one; 0 while it has none. */
  slot: 2,
  /** How many series of durations are in use. */
  series: 3,
  /** How many requests the worker has ended a second, of late. */
  perSecond: 4,
  /** How late its timers fired of late, of 99 in 100; NaN where none did. */
  delaySeconds: 5,
  /** When both were written last, in Unix time; 0 before the first time. */
  measuredMs: 6,
} as const;
const HEADER_LENGTH = 8;

/** Every member of every family. */
export const members: ReadonlyMap<FamilyName, readonly Member[]> = layOut();

/** The numbers of one exemplar, from its first; `length` is how many they are. */
export const EXEMPLAR = { key: 0, seconds: 1, atMs: 2, trace: 3, span: 7, length: 9 } as const;
/** Behind the figures: two for each bucket of the durations of requests; see exemplars.ts. */
export const EXEMPLARS_AT = endOfFamilies();
export const EXEMPLARS = 2 * (DURATION_BOUNDS.length + 1);

/** How many numbers a block has before its series. */
export const FIGURES = EXEMPLARS_AT + EXEMPLARS * EXEMPLAR.length;

/** Where the numbers of a member are, by its place among the label values as the catalogue lists them. */
export function placeOf(family: FamilyName, index = 0): number {
  const member = members.get(family)?.[index];
  if (member === undefined) throw new RangeError(`${family} has no member ${index}`);
  return member.at;
}

/** The place of the member whose one label has this value; undefined where there is none. */
export function placeFor(family: FamilyName, value: string): number | undefined {
  return members.get(family)?.find(({ labels }) => Object.values(labels).join() === value)?.at;
}

/** A name for each number up to FIGURES, by which an arbiter of another version knows it. */
export function figureNames(): readonly string[] {
  const names = Array.from({ length: FIGURES }, () => '');
  for (const [family, all] of members)
    for (const { labels, at } of all)
      for (let index = 0; index < widthOf(families[family]); index++)
        names[at + index] = [family, ...Object.values(labels), index].join(' ');
  // Short, as there are many, and the head of a file has a limit.
  for (let at = EXEMPLARS_AT; at < FIGURES; at++) names[at] = `e${at - EXEMPLARS_AT}`;
  return names;
}

/** The places of the numbers that do not outlive their process. */
export function gaugePlaces(): readonly number[] {
  return placesWhere(({ type }) => type === 'gauge');
}

/** The places of the others, which only rise. */
export function counterPlaces(): readonly number[] {
  return placesWhere(({ type }) => type !== 'gauge');
}

function placesWhere(matches: (family: Family) => boolean): readonly number[] {
  return [...members].flatMap(([name, all]) => {
    const family = families[name];
    if (!matches(family)) return [];
    return all.flatMap(({ at }) => Array.from({ length: widthOf(family) }, (_, index) => at + index));
  });
}

/** How many numbers a member has. */
export function widthOf({ type, bounds = [] }: Family): number {
  if (type === 'histogram') return bounds.length + 2;
  return type === 'summary' ? 2 : 1;
}

/** Counts a value in the histogram at that place. */
export function observe(values: Float64Array, at: number, bounds: readonly number[], value: number): void {
  const found = bounds.findIndex((bound) => value <= bound);
  const bucket = at + 1 + (found < 0 ? bounds.length : found);
  values[at] = (values[at] ?? 0) + value;
  values[bucket] = (values[bucket] ?? 0) + 1;
}

function layOut(): Map<FamilyName, readonly Member[]> {
  let at = HEADER_LENGTH;
  const laid = new Map<FamilyName, readonly Member[]>();
  for (const [name, family] of Object.entries(families)) {
    const own = combinations(Object.entries(family.labels ?? {})).map((labels) => {
      const member = { labels, at };
      at += widthOf(family);
      return member;
    });
    laid.set(name as FamilyName, own);
  }
  return laid;
}

function combinations(labels: readonly (readonly [string, readonly string[]])[]): Member['labels'][] {
  const [first, ...rest] = labels;
  if (first === undefined) return [{}];
  const [name, values] = first;
  return values.flatMap((value) => combinations(rest).map((others) => ({ [name]: value, ...others })));
}

function endOfFamilies(): number {
  const ends = [...members].map(([name, all]) => (all.at(-1)?.at ?? 0) + widthOf(families[name]));
  return Math.max(...ends);
}
