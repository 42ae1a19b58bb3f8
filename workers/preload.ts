import { createRequire } from 'node:module';
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';
import { ownFile } from '../src/support/own-files.ts';

// The first module of a process that runs the application's module as its main module; threads of the application load
// this file too, and nothing more.

type Takeover = typeof import('./boot/takeover.ts');

const require = createRequire(import.meta.url);

/** How threads learn what `process.execArgv` is without us. */
const EXEC_ARGV = 'tsunicorn:execArgv';

/** Null in a thread of the application. */
export const preloaded = isMainThread ? takeOver() : leaveThread();

function takeOver() {
  const taken = (require(ownFile('workers/boot/takeover')) as Takeover).takeOver();
  setEnvironmentData(EXEC_ARGV, process.execArgv);
  return taken;
}

/** A thread would hand our options to the processes that it forks. */
function leaveThread(): null {
  const execArgv = getEnvironmentData(EXEC_ARGV);
  if (Array.isArray(execArgv)) process.execArgv = execArgv;
  return null;
}
