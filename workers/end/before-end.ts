import type { FlightTable } from '../../src/flights/table.ts';
import type { Accounted } from '../../src/process/ipc/flights.ts';
import type { Ending } from '../../src/process/ipc/messages.ts';
import { fs } from '../../src/support/builtins.ts';
import { isOwnFile } from '../../src/support/own-files.ts';
import { frameOf } from '../../src/support/stack-frames.ts';
import type { Logs } from '../logs.ts';

/**
 * From now on the process writes the lines of its requests before it ends by its own code. Without this an abort would
 * run no exit handler, and an exit might hang in Node's own teardown until the arbiter kills it. `watchdogFd` is the
 * watchdog's pipe.
 */
export function settleBeforeEnd(logs: Logs, watchdogFd: number | null, flights: FlightTable): void {
  const { abort, exit } = process;
  const say = (call: Ending['call'], called: Called) => {
    if (watchdogFd === null) return;
    const place = placeOfCaller(called);
    // Our own exit needs no explanation.
    if (place !== null || call === 'process.abort()')
      write(watchdogFd, {
        tsunicorn: 'ending',
        call,
        place,
        ...flights.waiting(performance.now(), MOST_NAMED),
      });
  };
  const account = () => {
    if (watchdogFd !== null) sayAccounted(watchdogFd);
  };
  // Before the listener that writes the lines.
  process.once('exit', account);
  process.exit = function exiting(status) {
    say('process.exit()', exiting);
    return exit.call(process, status);
  };
  process.abort = function aborting() {
    say('process.abort()', aborting);
    account();
    logs.settle('abort');
    logs.flush();
    return abort.call(process);
  };
}

/** The function of ours that the application calls. */
type Called = (...args: never) => never;

/** How many of the requests in flight are named. */
const MOST_NAMED = 20;

/** Where the application calls that function, in its own code if possible; null if our own code calls. */
function placeOfCaller(called: Called): Ending['place'] | null {
  const at: { stack?: string } = {};
  Error.captureStackTrace(at, called);
  const [first, ...others] = (at.stack ?? '').split('\n').flatMap((line) => frameOf(line) ?? []);
  if (first === undefined || isOwnFile(first.file)) return null;
  return [first, ...others].find(({ file }) => !/\/node_modules\//.test(file)) ?? first;
}

/** Keeps the arbiter from writing the lines of requests that the watchdog has reported. */
function sayAccounted(fd: number): void {
  write(fd, { tsunicorn: 'accounted', complete: true });
}

function write(fd: number, message: Accounted | Ending): void {
  try {
    // The newline first: the watchdog may be in the middle of a message, which is lost.
    fs.writeSync(fd, `\n${JSON.stringify(message)}\n`);
  } catch {
    // The arbiter is gone, or does not read.
  }
}
