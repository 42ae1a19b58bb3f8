import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { server } from '../candidate.ts';
import type { ClientName } from './clients.ts';
import { hasGevent } from './install.ts';
import {
  asks,
  brokenDeploy,
  killRoot,
  killWorker,
  type Operate,
  type Operations,
  rootOf,
  rotation,
  says,
  signalled,
} from './operations.ts';
import type { Running } from './running.ts';
import { type Subject, versionOf } from './subject.ts';

const PYTHON = 'from operated import app\n';
const BROKEN_PYTHON = 'raise RuntimeError("broken on purpose")\n';
const PYTHONPATH = { PYTHONPATH: join(server('.')), PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1' };
const PLAIN: readonly ClientName[] = ['new connection', 'upload'];
const KEPT: readonly ClientName[] = [
  'keep-alive',
  'new connection',
  'POST after idle',
  'upload',
  'pipelined',
];

const byPidfile = ({ directory }: Running): number => Number(readFileSync(join(directory, 'pid'), 'utf8'));

const gunicornUpgrade: Operate = async (running) => {
  const old = byPidfile(running);
  const after = running.output().length;
  process.kill(old, 'SIGUSR2');
  if (!(await says(running, /Booting worker[\s\S]*Booting worker/, after))) return false;
  // It says that a worker boots, not that it serves.
  await pause(500);
  process.kill(old, 'SIGTERM');
  return says(running, /Shutting down: Master/, after);
};

const gunicornReload = signalled('SIGHUP', /Booting worker[\s\S]*Booting worker|exiting/, byPidfile);

const gunicornOperations: Operations = {
  reload: async (running) => {
    const isOver = await gunicornReload(running);
    await pause(500);
    return isOver;
  },
  upgrade: gunicornUpgrade,
  scaling: async (running) => {
    process.kill(byPidfile(running), 'SIGTTIN');
    await pause(500);
    process.kill(byPidfile(running), 'SIGTTOU');
    await pause(500);
    return true;
  },
  'log rotation': rotation('SIGUSR1', byPidfile),
  'broken deploy': brokenDeploy('app.py', BROKEN_PYTHON, PYTHON, gunicornReload),
  'kill -9 of a worker': killWorker(rootOf),
  hang: asks('/hang', 1, rootOf, 8000),
  'kill -9 of the arbiter': killRoot(rootOf),
};

function gunicorn(workerClass: 'sync' | 'gthread' | 'gevent', needs: string | null): Subject {
  const version = versionOf('gunicorn');
  const options = [
    ...['-w', '2', '-k', workerClass, '--pid', 'pid', '--timeout', '2', '--graceful-timeout', '10'],
    ...['--access-logfile', 'access.log', ...(workerClass === 'gthread' ? ['--threads', '8'] : [])],
  ];
  return {
    name: `Gunicorn ${workerClass}`,
    version: version ?? '',
    configuration: `gunicorn ${options.join(' ')} app:app`,
    missing: version === null ? 'gunicorn is not installed (package gunicorn)' : needs,
    clients: workerClass === 'sync' ? PLAIN : [...KEPT, 'SSE'],
    files: () => ({ 'app.py': PYTHON }),
    start: (port) => ({
      command: ['gunicorn', ...options, '-b', `127.0.0.1:${port}`, 'app:app'],
      environment: PYTHONPATH,
    }),
    operations: gunicornOperations,
  };
}

function uwsgi(): Subject {
  const version = versionOf('uwsgi');
  const options = [
    ...['--master', '--processes', '2', '--lazy-apps', '--need-app', '--die-on-term', '--harakiri', '2'],
    ...['--plugin', 'python3', '--wsgi-file', 'app.py', '--callable', 'app', '--disable-logging'],
  ];
  return {
    name: 'uWSGI',
    version: version ?? '',
    configuration: `uwsgi --http-socket … ${options.join(' ')}`,
    missing: version === null ? 'uwsgi is not installed (packages uwsgi, uwsgi-plugin-python3)' : null,
    clients: PLAIN,
    files: () => ({ 'app.py': PYTHON }),
    start: (port) => ({
      command: ['uwsgi', '--http-socket', `127.0.0.1:${port}`, ...options],
      environment: PYTHONPATH,
    }),
    operations: {
      reload: signalled('SIGHUP', /spawned uWSGI worker 2/, rootOf),
      'broken deploy': brokenDeploy(
        'app.py',
        BROKEN_PYTHON,
        PYTHON,
        signalled('SIGHUP', /no app loaded|spawned uWSGI worker 2/i, rootOf),
      ),
      'kill -9 of a worker': killWorker(rootOf),
      hang: asks('/hang', 1, rootOf, 8000),
      'kill -9 of the arbiter': killRoot(rootOf),
    },
  };
}

function puma(): Subject {
  const version = versionOf('puma');
  const options = ['-w', '2', '-t', '8:8', 'config.ru'];
  const booted = /Worker 1 \(PID: \d+\) booted.*phase: 1/;
  return {
    name: 'Puma',
    version: version ?? '',
    configuration: `puma ${options.join(' ')}`,
    missing: version === null ? 'puma is not installed (package puma)' : null,
    clients: KEPT,
    files: () => ({ 'config.ru': readFileSync(server('config.ru'), 'utf8') }),
    start: (port) => ({ command: ['puma', '-b', `tcp://127.0.0.1:${port}`, ...options] }),
    operations: {
      reload: signalled('SIGUSR1', booted, rootOf),
      upgrade: signalled('SIGUSR2', /Restarting[\s\S]*Worker 1 \(PID: \d+\) booted/, rootOf),
      scaling: async (running) => {
        process.kill(rootOf(running), 'SIGTTIN');
        await pause(1000);
        process.kill(rootOf(running), 'SIGTTOU');
        await pause(1000);
        return true;
      },
      'kill -9 of a worker': killWorker(rootOf),
      hang: asks('/hang', 1, rootOf, 4000),
      'kill -9 of the arbiter': killRoot(rootOf),
    },
  };
}

/** The peers that are packages of Debian. */
export function debianSubjects(): readonly Subject[] {
  const gevent = versionOf('gunicorn') !== null && hasGevent() ? null : 'python3-gevent is not installed';
  return [gunicorn('sync', null), gunicorn('gthread', null), gunicorn('gevent', gevent), uwsgi(), puma()];
}
