import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { built, server } from '../candidate.ts';
import { allClients } from './clients.ts';
import {
  asks,
  brokenDeploy,
  childrenOf,
  killRoot,
  killWorker,
  type Operate,
  type Operations,
  rotation,
  says,
  signalled,
} from './operations.ts';
import type { Running } from './running.ts';
import type { Subject } from './subject.ts';

const SOUND = `export { app, server } from ${JSON.stringify(server('operated.js'))};\n`;
const BROKEN = "throw new Error('broken on purpose');\n";
const RELOADED = /Generation \d+ is ready|Reload undone/;

/** The arbiter that the pidfile names; it changes in an upgrade. */
export function arbiterOf({ directory }: Running): number {
  return Number(readFileSync(join(directory, 'pid'), 'utf8'));
}

const reload = signalled('SIGHUP', RELOADED, arbiterOf);

const upgrade: Operate = async (running) => {
  const old = arbiterOf(running);
  const after = running.output().length;
  process.kill(old, 'SIGUSR2');
  if (!(await says(running, /serves together with this one/, after))) return false;
  process.kill(old, 'SIGWINCH');
  process.kill(old, 'SIGTERM');
  return says(running, /the upgrade is complete/, after);
};

const recycling: Operate = async (running) => {
  const [worker] = childrenOf(arbiterOf(running));
  if (worker === undefined) return false;
  const after = running.output().length;
  process.kill(worker, 'SIGTERM');
  return says(running, new RegExp(`Worker exiting \\(pid: ${worker}\\)`), after);
};

const scaling: Operate = async (running) => {
  const after = running.output().length;
  process.kill(arbiterOf(running), 'SIGTTIN');
  if (!(await says(running, /Worker is ready|Booting worker/, after))) return false;
  // Some requests go to the new one.
  await pause(500);
  process.kill(arbiterOf(running), 'SIGTTOU');
  return says(running, /fewer workers are wanted/, after);
};

const all: Operations = {
  reload,
  upgrade,
  recycling,
  scaling,
  'log rotation': rotation('SIGUSR1', arbiterOf),
  'broken deploy': brokenDeploy('app.js', BROKEN, SOUND, reload),
  leak: asks('/leak', 30, arbiterOf, 8000),
  'kill -9 of a worker': killWorker(arbiterOf),
  'out of memory': asks('/oom', 1, arbiterOf, 12_000),
  hang: asks('/hang', 1, arbiterOf, 12_000),
  'kill -9 of the arbiter': killRoot(arbiterOf),
};

function ours(workerClass: 'async' | 'sync' | 'thread'): Subject {
  const options = [
    ...['-w', '2', '-k', workerClass, '--pid', 'pid', '--timeout', '4', '--graceful-timeout', '10'],
    ...['--max-memory', '300M', '--worker-heap', '128M', '--access-logfile', 'access.log'],
    ...['--log-level', 'debug'],
  ];
  // A thread answers no WebSockets and has no server of the application's to export; class sync closes each connection.
  const exported = workerClass === 'thread' ? 'app' : 'server';
  const clients = workerClass === 'async' ? allClients : allClients.filter((name) => name !== 'WebSocket');
  return {
    name: `tsunicorn ${workerClass}`,
    version: JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')).version,
    configuration: `tsunicorn app.js:${exported} ${options.join(' ')}`,
    missing: null,
    clients,
    files: () => ({ 'app.js': SOUND }),
    start: (port) => ({
      command: [process.execPath, built, `app.js:${exported}`, '-b', `127.0.0.1:${port}`, ...options],
    }),
    operations: all,
  };
}

/** tsunicorn in each of its classes. */
export function ourSubjects(): readonly Subject[] {
  return [ours('async'), ours('sync'), ours('thread')];
}
