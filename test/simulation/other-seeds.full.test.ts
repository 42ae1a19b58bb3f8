import { afterAll, beforeAll, it } from 'vitest';
import { runSeeds } from './seeds.ts';

const mostListeners = process.getMaxListeners();

// The reader in each world adds a listener for the exit of the process.
beforeAll(() => void process.setMaxListeners(0));
afterAll(() => void process.setMaxListeners(mostListeners));

it('every invariant holds in other schedules too, on another processor', () =>
  runSeeds({ first: 1_000_001, atLeast: 100 }));
