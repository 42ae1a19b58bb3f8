import type { FlightTable } from '../../src/flights/table.ts';
import type { Accounted, Ending } from '../../src/process/ipc.ts';
import { fs } from '../../src/support/builtins.ts';
import { isOwnFile } from '../../src/support/own-files.ts';
import { frameOf } from '../../src/support/stack-frames.ts';
import type { Logs } from '../logs.ts';

/**
 * From now on the process does not end by its own code without the lines of its requests: an abort runs no exit handler,
 * and an exit may hang in Node's own teardown until the arbiter kills it. `watchdogFd` is the watchdog's pipe.
 */
export function settleBeforeEnd(logs: Logs, watchdogFd: number | null, flights: FlightTable): void {
  const { abort, exit } = process;
  const say = (call: Ending['call']) => {
    if (watchdogFd === null) return;
    const place = placeOfCaller();
    // That we exit ourselves is nothing to be explained.
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
  // Before the one that writes the lines.
  process.once('exit', account);
  process.exit = (status) => {
    say('process.exit()');
    return exit.call(process, status);
  };
  process.abort = () => {
    say('process.abort()');
    account();
    logs.settle('abort');
    logs.flush();
    return abort.call(process);
  };
}

/** Of requests in flight. */
const MOST_NAMED = 20;

/** Where the application calls, as far as its own code; null where it is we who call. */
function placeOfCaller(): Ending['place'] | null {
  const [first, ...others] = (new Error().stack ?? '')
    .split('\n')
    .flatMap((line) => frameOf(line) ?? [])
    .filter(({ file }) => file !== HERE);
  if (first === undefined || isOwnFile(first.file)) return null;
  return [first, ...others].find(({ file }) => !/\/node_modules\//.test(file)) ?? first;
}

const HERE = import.meta.filename;

/** Otherwise the arbiter would write the lines of those that the watchdog has told it of. */
function sayAccounted(fd: number): void {
  write(fd, { tsunicorn: 'accounted', complete: true });
}

function write(fd: number, message: Accounted | Ending): void {
  try {
    // What the watchdog may be in the middle of is no message any more.
    fs.writeSync(fd, `\n${JSON.stringify(message)}\n`);
  } catch {
    // The arbiter has gone, or does not read.
  }
}
