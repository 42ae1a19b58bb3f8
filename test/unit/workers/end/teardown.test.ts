import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { PROGRAM_MS } from '../../../support/patience.ts';

const TEARDOWN = new URL('../../../../workers/end/teardown.ts', import.meta.url).href;

/** How a process ends by itself whose parent is 7 when it begins, and then each time that it looks the next of these. */
function endOf({ parents, connected }: { parents: readonly number[]; connected: boolean }): string | null {
  const program = `
    const { boundTeardown } = await import(${JSON.stringify(TEARDOWN)});
    const parents = [7, ...${JSON.stringify(parents)}];
    Object.defineProperty(process, 'ppid', { get: () => (parents.length > 1 ? parents.shift() : parents[0]) });
    process.connected = ${connected};
    boundTeardown();
    process.exit(0);`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', program], { timeout: PROGRAM_MS }).signal;
}

describe('the end of a worker', () => {
  it('is left to the arbiter that lives', () => {
    expect(endOf({ parents: [7], connected: true })).toBe(null);
  });

  it('is forced where the arbiter is gone', () => {
    expect(endOf({ parents: [1], connected: false })).toBe('SIGKILL');
  });

  it('is forced too where the arbiter has closed the channel, and is about to be gone', () => {
    expect(endOf({ parents: [7, 7, 7, 1], connected: false })).toBe('SIGKILL');
  });
});
