import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

/** After half a second of idleness the processor of a virtual machine runs at half its speed for some 300 ms. */
const AWAKE_AFTER_MS = 400;
const spin = `const end = performance.now() + ${AWAKE_AFTER_MS}; while (performance.now() < end);`;

/** Keeps every processor busy until it runs at its full speed, so that a start is measured and not the waking up. */
export async function wakeProcessors(): Promise<void> {
  const spinners = Array.from({ length: availableParallelism() }, () => new Worker(spin, { eval: true }));
  await Promise.all(spinners.map((spinner) => once(spinner, 'exit')));
}
