import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { memoryUsage, residentBytes } from '../../../../workers/health/memory-usage.ts';
import { PROGRAM_MS } from '../../../support/patience.ts';

const file = new URL('../../../../workers/health/memory-usage.ts', import.meta.url).href;
/** Says what it reads while it has a descriptor to spare, and while it has none. */
const source = `import { closeSync, openSync } from 'node:fs';
import { memoryUsage, residentBytes } from '${file}';
const read = () => [memoryUsage() === null, residentBytes() === null];
const taken = [];
try { for (;;) taken.push(openSync('/dev/null')); } catch {}
const without = read();
for (const fd of taken) closeSync(fd);
console.log(JSON.stringify([without, read()]));`;

it('what a process takes is read', () => {
  expect(memoryUsage()?.heapUsed).toBeGreaterThan(0);
  expect(residentBytes()).toBeGreaterThan(0);
});

it.runIf(process.platform === 'linux')('it is unknown, and no error, while no descriptor is free', () => {
  const args = ['-c', 'ulimit -n 64; exec "$0" --input-type=module -e "$1"', process.execPath, source];
  const [without, within] = JSON.parse(
    execFileSync('/bin/sh', args, { encoding: 'utf8', timeout: PROGRAM_MS }),
  );
  expect(without).toEqual([true, true]);
  expect(within).toEqual([false, false]);
});
