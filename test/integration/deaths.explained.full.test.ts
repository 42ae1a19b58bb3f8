import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { get, outcome } from '../support/client.ts';
import { deadlineMs } from '../support/patience.ts';
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
  const folder = join('/sys/fs/cgroup/memory', `tsunicorn-test-${process.pid}-${limit}`);
  try {
    mkdirSync(folder);
  } catch {
    return null;
  }
  try {
    writeFileSync(join(folder, 'memory.limit_in_bytes'), limit);
  } catch {
    rmdirSync(folder);
    return null;
  }
  return folder;
}

/** To be called before something runs in the group, so that it is removed behind the end of that. */
function removeAtEnd(group: string): void {
  onTestFinished(async () => {
    for (const until = performance.now() + deadlineMs(); ; ) {
      try {
        return rmdirSync(group);
      } catch (error) {
        // EBUSY, until the memory of the last process is given back.
        if (performance.now() > until) throw error;
        await pause(20);
      }
    }
  });
}

/** The command that starts another in a control group. */
function into(group: string): readonly string[] {
  return ['sh', '-c', `echo $$ > ${group}/cgroup.procs && exec "$@"`, 'sh'];
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
    removeAtEnd(group);
    const running = await serve([ends], { through: into(group) });
    await end(running, '/memory');
    const [, block] = await running.waitForLog(
      line(
        "was killed by the kernel's out-of-memory killer \\(its control group counts the kill\\); it had \\d+M [\\d.]+ s before, the available memory is 300M",
      ),
    );
    expect(block).toMatch(/requests in flight:\n(?: +.*\n)* +GET \/memory, for/);
  });
});

it.for([
  ['256M', 1],
  ['512M', 2],
] as const)(
  'with --worker-heap auto V8 ends workers whose heaps are full, and not the kernel: %s for %i',
  async ([limit, workers], { skip }) => {
    const group = memoryGroup(limit);
    if (group === null) return skip('no control group of version 1 can be made here');
    removeAtEnd(group);
    const args = [ends, '--worker-heap', 'auto', '--workers', `${workers}`, '--timeout', '0'];
    const running = await serve(args, { through: into(group) });
    await running.waitForWorkers(workers);
    // All of them at the same time: each takes one connection after another.
    const full = () => (running.stderr.match(/out of the JavaScript heap/g) ?? []).length;
    const fill = async () => {
      while (full() < workers) await outcome(get(running.at, '/heap'));
    };
    await Promise.all([...Array(workers * 2)].map(fill));
    expect(running.stderr).not.toMatch(/out-of-memory killer/);
  },
);
