import { Chance } from '../simulation/chance.ts';
import { mutated } from './mutate.ts';

/** What a client does on one connection. */
export interface Script {
  /** How many requests it begins. */
  readonly requests: number;
  /** What it writes, as latin1 text: each in a packet of its own, more or less. */
  readonly pieces: readonly string[];
  readonly end: End;
}

/** A client ends its side, goes without a word, resets the connection, or waits until nothing has come for a moment. */
export type End = 'ends' | 'goes' | 'resets' | 'waits';

const ENDS: Readonly<Record<End, number>> = { ends: 6, goes: 2, resets: 1, waits: 1 };
/** Of all requests. */
const MUTATED = 3 / 4;
const MOST_REQUESTS = 8;

/** Draws what the client of a connection does, of its number and the seed alone. */
export type DrawScript = (seed: number, connection: number) => Script;

/** Requests of HTTP/1 made from `seeds`, of which three quarters are changed. */
export function scriptsOf(seeds: readonly string[]): DrawScript {
  return (seed, connection) => {
    const chance = new Chance(seed, connection, 1);
    const requests = chance.between(1, MOST_REQUESTS);
    const text = Array.from({ length: requests }, () => {
      const request = chance.of(seeds);
      return chance.happens(MUTATED) ? mutated(chance, request, seeds) : request;
    }).join('');
    return { requests, pieces: inPieces(chance, text), end: chance.weighted(ENDS) };
  };
}

/** Most often whole, sometimes cut at some places, and now and then byte by byte. */
export function inPieces(chance: Chance, text: string): readonly string[] {
  if (chance.happens(0.6)) return [text];
  if (chance.happens(0.1)) return [...text.slice(0, 60), text.slice(60)];
  const cuts = Array.from({ length: chance.between(1, 5) }, () => chance.below(text.length + 1));
  const places = [0, ...cuts.toSorted((one, other) => one - other), text.length];
  return places.slice(1).map((to, at) => text.slice(places[at], to));
}
