import type { WorkerLog } from '../../src/log/records.ts';
import { ownFile } from '../../src/support/own-files.ts';

/**
 * Keeps the application from breaking the worker silently through the process object. To be called before any code of
 * the user's runs.
 */
export function guardProcess(log: WorkerLog, isProgram: boolean): void {
  // An application that forks argv[1] gets a message that says what to fork; a worker without an arbiter would wait for ever.
  if (!isProgram) process.argv[1] = ownFile('workers/forked');
  keepChannel(log);
}

/** Keeps the channel to the arbiter open if the application tries to close it, in the belief that it is its own. */
function keepChannel(log: WorkerLog): void {
  const { disconnect } = process;
  let isSaid = false;
  process.disconnect = (): void => {
    // Node itself calls it when the arbiter is gone; nothing but the stack tells the two apart in time.
    if (isCalledByNode(new Error().stack)) return disconnect?.call(process);
    if (!isSaid)
      log.warning(
        'The application called process.disconnect(); the channel belongs to the worker and stays open',
        { event: 'disconnect-ignored' },
      );
    isSaid = true;
  };
}

/** Whether Node's own code for channels called; also true where the application has turned stacks off. */
function isCalledByNode(stack = ''): boolean {
  const [, caller] = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return caller === undefined || caller.includes('node:internal/child_process');
}
