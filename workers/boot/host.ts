import type { WorkerLog } from '../../src/log/records.ts';
import { ownFile } from '../../src/support/own-files.ts';

/**
 * Keeps the application from doing with this process what would break the worker without a word. To be called before
 * any foreign code runs.
 */
export function guardProcess(log: WorkerLog): void {
  // Whoever forks it meets a line that says what to fork instead; a worker without an arbiter would wait for ever.
  process.argv[1] = ownFile('workers/forked');
  keepChannel(log);
}

/** The channel to the arbiter stays open where the application would close it, taking it for its own. */
function keepChannel(log: WorkerLog): void {
  const { disconnect } = process;
  let isSaid = false;
  process.disconnect = (): void => {
    // Node itself calls it where the arbiter is gone; nothing else tells the two apart in time.
    if (isCalledByNode(new Error().stack)) return disconnect?.call(process);
    if (!isSaid)
      log.warning(
        'The application called process.disconnect(); the channel is its worker’s, and stays open',
        { event: 'disconnect-ignored' },
      );
    isSaid = true;
  };
}

/** Whether what made the stack was called by Node's own code of the channel, or the application keeps no stacks. */
function isCalledByNode(stack = ''): boolean {
  const [, caller] = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return caller === undefined || caller.includes('node:internal/child_process');
}
