import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { get, outcome } from '../support/client.ts';
import { app, type Running, serve } from '../support/tsunicorn.ts';

const ends = app('ends.ts:app');
const line = (how: string) =>
  new RegExp(`ERROR\\] Worker \\(pid: \\d+, slot 0, age 1\\) ${how}\\n((?: {4}.*\\n)*)`);

/** Ends the worker by a request, beside another that it holds. */
async function end(running: Running & { at: string }, path: string): Promise<void> {
  const held = outcome(get(running.at, '/held'));
  await running.waitForLog(/holds a request/);
  const heldMs = performance.now();
  // A moment older than what the watchdog does not tell of.
  await running.waitFor(() => performance.now() > heldMs + 300, 'the request to grow older');
  await outcome(get(running.at, path));
  await held;
}

/** A control group for memory (version 1), or null where none can be made. */
function memoryGroup(limit: string): string | null {
  const folder = join('/sys/fs/cgroup/memory', `tsunicorn-test-${process.pid}`);
  try {
    mkdirSync(folder);
    writeFileSync(join(folder, 'memory.limit_in_bytes'), limit);
  } catch {
    return null;
  }
  return folder;
}

describe('the end of a worker is explained', () => {
  it.each([
    [
      '/exit',
      'exited with status 5 without being told to: the application called process\\.exit\\(\\) at .*/ends\\.ts:\\d+:\\d+',
    ],
    ['/abort', 'aborted by SIGABRT: the application called process\\.abort\\(\\) at .*/ends\\.ts:\\d+:\\d+'],
  ])('by the place and the requests where the application calls it: %s', async (path, how) => {
    const running = await serve([ends]);
    await end(running, path);
    const [, block] = await running.waitForLog(line(how));
    expect(block).toMatch(
      new RegExp(`requests in flight:\\n +GET /held, for [\\d.]+ s\\n +GET ${path}, for [\\d.]+ s\\n`),
    );
  });

  it('by the heap, the memory and the requests where V8 has no more', async () => {
    const running = await serve([ends, '--worker-heap', '64M']);
    await end(running, '/heap');
    const [, block] = await running.waitForLog(
      line(
        'aborted by SIGABRT, out of the JavaScript heap: \\d+M of 64M of its JavaScript heap in use [\\d.]+ s before, \\d+M of memory in all',
      ),
    );
    expect(block).toMatch(/requests in flight:\n(?: +.*\n)* +GET \/heap, for/);
  });

  it('by its memory and the limit where the kernel ended it', async ({ skip }) => {
    const group = memoryGroup('300M');
    if (group === null) return skip('no control group of version 1 can be made here');
    // Behind the end of what runs in it.
    onTestFinished(() => rmdirSync(group));
    const into = `echo $$ > ${group}/cgroup.procs && exec "$@"`;
    const running = await serve([ends], { through: ['sh', '-c', into, 'sh'] });
    await end(running, '/memory');
    const [, block] = await running.waitForLog(
      line(
        "was killed by the kernel's out-of-memory killer \\(its control group counts the kill\\); it had \\d+M [\\d.]+ s before, the available memory is 300M",
      ),
    );
    expect(block).toMatch(/requests in flight:\n(?: +.*\n)* +GET \/memory, for/);
  });
});
