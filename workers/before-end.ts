import { fs } from '../src/builtins.ts';
import type { Accounted } from '../src/ipc.ts';
import type { Logs } from './logs.ts';

/**
 * From now on the process does not end by its own code without the lines of its requests: an abort runs no exit handler,
 * and an exit may hang in Node's own teardown until the arbiter kills it. `watchdogFd` is the watchdog's pipe.
 */
export function settleBeforeEnd(logs: Logs, watchdogFd: number | null): void {
  const { abort } = process;
  const account = () => {
    if (watchdogFd !== null) sayAccounted(watchdogFd);
  };
  // Before the one that writes the lines.
  process.once('exit', account);
  process.abort = () => {
    account();
    logs.settle('abort');
    logs.flush();
    return abort.call(process);
  };
}

/** Otherwise the arbiter would write the lines of those that the watchdog has told it of. */
function sayAccounted(fd: number): void {
  const message: Accounted = { tsunicorn: 'accounted', complete: true };
  try {
    // What the watchdog may be in the middle of is no message any more.
    fs.writeSync(fd, `\n${JSON.stringify(message)}\n`);
  } catch {
    // The arbiter has gone, or does not read.
  }
}
