import type { Server } from 'node:http';
import { createServer } from 'node:net';
import type { Connections } from '../src/http/connections.ts';
import { meanOf, summarise } from './statistics.ts';

// What something small costs a request, in processor time. Two processes differ by more than that for reasons of their own,
// so one process serves all the time, and does it in every second slice of that time.

/** Short beside what else changes on a machine, and long beside what a request takes. */
const SLICE_MS = 50;
/** Which slices of four have it: each neighbour comes first as often as the other. */
const ORDER = [false, true, true, false];

export interface Alternation {
  readonly seconds: number;
  /** Slices at the beginning that are not counted, as V8 has not compiled both ways yet. An even number. */
  readonly warmUp: number;
  /** How many requests have been served so far. */
  readonly served: () => number;
  /** Switches on or off what is measured. */
  readonly set: (isOn: boolean) => void;
}

/** What the slices have shown. */
export interface Alternated {
  /** The cost of a request with it over that without it, of each pair of neighbouring slices. */
  readonly ratios: readonly number[];
  /** The median cost of a request, in microseconds. */
  readonly micros: number;
}

/** Measures for so many seconds, during which something else has to send requests. */
export async function alternate({ seconds, warmUp, served, set }: Alternation): Promise<Alternated> {
  const costs: number[] = [];
  const slices = (seconds * 1000) / SLICE_MS;
  for (let slice = 0; slice < slices; slice++) {
    set(isOnIn(slice));
    const before = { usage: process.cpuUsage(), served: served() };
    await new Promise((resolve) => setTimeout(resolve, SLICE_MS));
    costs.push(microsSince(before.usage) / Math.max(1, served() - before.served));
  }
  set(false);
  const counted = costs.slice(warmUp);
  return { ratios: ratiosOf(costs, warmUp), micros: summarise(counted).median };
}

function isOnIn(slice: number): boolean {
  return ORDER[slice % ORDER.length] === true;
}

/** Pairs the costs of neighbouring slices; `first` is the first that counts, an even number. */
export function ratiosOf(costs: readonly number[], first: number): readonly number[] {
  const ratios: number[] = [];
  for (let at = first; at + 1 < costs.length; at += 2) {
    const [one = 0, other = 0] = costs.slice(at, at + 2);
    ratios.push(isOnIn(at) ? one / other : other / one);
  }
  return ratios;
}

/** A ratio with the interval in which it lies with a confidence of 95 %. */
export interface CostRatio {
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  readonly pairs: number;
}

export function costRatioOf(ratios: readonly number[]): CostRatio {
  const { mean, margin } = meanOf(ratios.map(Math.log));
  return {
    ratio: Math.exp(mean),
    low: Math.exp(mean - margin),
    high: Math.exp(mean + margin),
    pairs: ratios.length,
  };
}

/** Such as "× 1.012 (95 % confidence: 1.008 to 1.017; 600 pairs)". */
export function describeRatio({ ratio, low, high, pairs }: CostRatio, digits = 3): string {
  const [middle, from, to] = [ratio, low, high].map((value) => value.toFixed(digits));
  return `× ${middle} (95 % confidence: ${from} to ${to}; ${pairs} pairs)`;
}

/** The processor time of this process, in microseconds. */
export function microsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** Feeds the engine what is accepted at a port of the loopback interface; resolves with the URL of that. */
export function feed(engine: Server, connections: Connections): Promise<string> {
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    connections.add(socket);
    engine.emit('connection', socket);
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`);
    });
  });
}
