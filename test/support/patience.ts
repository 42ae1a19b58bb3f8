import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism, loadavg } from 'node:os';

/** How long a test waits on a quiet machine for what must happen. */
const DEADLINE_MS = 20_000;
/** How long a start of Node takes on a quiet machine. */
const START_MS = 50;
const MAX_FACTOR = 15;

/**
 * How long a program may take for whose end a test stops its event loop, in milliseconds: the limit of Vitest cannot end that.
 * Far more than any of them takes.
 */
export const PROGRAM_MS = 120_000;

/** How long to wait, in milliseconds, for what must happen: longer where others use the processors too. */
export function deadlineMs(): number {
  const [lastMinute = 0] = loadavg();
  return DEADLINE_MS * clamp(lastMinute / availableParallelism());
}

/**
 * How many times slower processes start now than on a quiet machine, from 1 up. Multiply with it the limits that a
 * test sets the product, where a healthy worker must stay within them.
 */
export async function slowness(): Promise<number> {
  const startedMs = performance.now();
  await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit');
  return clamp((performance.now() - startedMs) / START_MS);
}

/**
 * A time limit for the product, in whole seconds as a setting takes it, within which a healthy worker stays even now; one
 * second on a quiet machine.
 */
export async function shortLimit(): Promise<string> {
  return `${Math.ceil(await slowness())}`;
}

function clamp(factor: number): number {
  return Math.min(MAX_FACTOR, Math.max(1, factor));
}
