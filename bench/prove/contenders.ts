import { built, server } from '../candidate.ts';
import { hasGevent, inPeer, peerVersion } from './install.ts';
import { wattFiles, wattStart } from './node-peers.ts';
import type { Layout } from './running.ts';
import { versionOf } from './subject.ts';

/** A server whose cost is measured. */
export interface Contender extends Layout {
  readonly name: string;
  /** How it is started, in words. */
  readonly configuration: string;
}

const WORKERS = 2;

function plain(name: string, configuration: string, command: readonly string[]): Contender {
  return {
    name,
    configuration,
    files: () => ({}),
    start: (port) => ({ command, environment: { PORT: `${port}` } }),
  };
}

function tsunicorn(name: string, app: string, ...options: readonly string[]): Contender {
  const configuration = ['tsunicorn', app, '-w', `${WORKERS}`, ...options].join(' ');
  const path = server(app);
  return {
    name,
    configuration,
    files: () => ({}),
    start: (port) => ({
      command: [process.execPath, built, path, '-w', `${WORKERS}`, '-b', `127.0.0.1:${port}`, ...options],
    }),
  };
}

const ours = tsunicorn('tsunicorn async', 'app.js:app');
const oursSync = tsunicorn('tsunicorn sync', 'app.js:app', '-k', 'sync');
const bare = plain('bare node:http', 'node bare.js', [process.execPath, server('bare.js')]);
const inherited = plain('bare, one inherited socket', `node inherited.js ${WORKERS}`, [
  process.execPath,
  server('inherited.js'),
  `${WORKERS}`,
]);
const clustered: Contender = {
  name: 'node:cluster',
  configuration: 'the example of its documentation, 2 workers',
  files: () => ({
    'cluster.mjs': `import cluster from 'node:cluster';
if (cluster.isPrimary) for (let n = 0; n < ${WORKERS}; n++) cluster.fork();
else await import(${JSON.stringify(server('bare.js'))});\n`,
  }),
  start: (port) => ({ command: [process.execPath, 'cluster.mjs'], environment: { PORT: `${port}` } }),
};

function pm2(): readonly Contender[] {
  const version = peerVersion('pm2');
  if (version === null) return [];
  const configuration = `pm2-runtime ${version} start bare.js -i ${WORKERS}`;
  return [
    {
      name: 'PM2',
      configuration,
      files: () => ({}),
      start: (port, directory) => ({
        command: [
          process.execPath,
          inPeer('pm2', 'bin/pm2-runtime'),
          'start',
          server('bare.js'),
          '-i',
          `${WORKERS}`,
        ],
        environment: { PM2_HOME: directory, PORT: `${port}` },
      }),
    },
  ];
}

function watt(): readonly Contender[] {
  const version = peerVersion('wattpm');
  if (version === null || peerVersion('@platformatic/node') === null) return [];
  return [
    {
      name: 'Watt',
      configuration: `wattpm ${version} start, ${WORKERS} workers`,
      files: (port) => ({
        'watt.json': wattFiles(port),
        'package.json': JSON.stringify({ name: 'served', type: 'module', main: 'index.js' }),
        'index.js': `export { create } from ${JSON.stringify(server('watt.js'))};\n`,
      }),
      start: () => wattStart('app.js'),
    },
  ];
}

/** Other runtimes: one process on Deno, where a second one takes its own command; two on Bun, which share the port. */
function runtimes(): readonly Contender[] {
  const [bun, deno] = [peerVersion('@oven/bun-linux-x64'), peerVersion('@deno/linux-x64-glibc')];
  const bunAt = inPeer('@oven/bun-linux-x64', 'bin/bun');
  const denoAt = inPeer('@deno/linux-x64-glibc', 'deno');
  const found: Contender[] = [];
  if (bun !== null)
    found.push(plain('Bun, another runtime', `bun ${bun} bun-app.js`, [bunAt, server('bun-app.js')]));
  if (deno !== null)
    found.push({
      ...plain('Deno, another runtime', `deno ${deno} serve deno-app.js`, []),
      start: (port) => ({
        command: [
          denoAt,
          'serve',
          '--no-lock',
          '--host',
          '127.0.0.1',
          '--port',
          `${port}`,
          server('deno-app.js'),
        ],
      }),
    });
  return found;
}

const pythonPath = { PYTHONPATH: server('.'), PYTHONDONTWRITEBYTECODE: '1' };

function python(): readonly Contender[] {
  const found: Contender[] = [];
  const gunicorn = versionOf('gunicorn');
  const gevent = hasGevent() ? [['gevent']] : [];
  for (const [workerClass = '', ...more] of gunicorn === null
    ? []
    : [['sync'], ['gthread', '--threads', '8'], ...gevent]) {
    const options = ['-w', `${WORKERS}`, '-k', workerClass, ...more];
    found.push({
      name: `Gunicorn ${workerClass}`,
      configuration: `gunicorn ${gunicorn} ${options.join(' ')}`,
      files: () => ({}),
      start: (port) => ({
        command: ['gunicorn', ...options, '-b', `127.0.0.1:${port}`, 'hello:app'],
        environment: pythonPath,
      }),
    });
  }
  const uwsgi = versionOf('uwsgi');
  const options = [
    '--master',
    '--processes',
    `${WORKERS}`,
    '--die-on-term',
    '--plugin',
    'python3',
    '--disable-logging',
  ];
  if (uwsgi !== null)
    found.push({
      name: 'uWSGI',
      configuration: `uwsgi ${uwsgi} --http-socket ${options.join(' ')}`,
      files: () => ({}),
      start: (port) => ({
        command: ['uwsgi', '--http-socket', `127.0.0.1:${port}`, ...options, '--module', 'hello:app'],
        environment: pythonPath,
      }),
    });
  return found;
}

function ruby(): readonly Contender[] {
  const version = versionOf('puma');
  if (version === null) return [];
  const options = ['-w', `${WORKERS}`, '-t', '8:8'];
  return [
    {
      name: 'Puma',
      configuration: `puma ${version} ${options.join(' ')}`,
      files: () => ({}),
      start: (port) => ({
        command: ['puma', '-b', `tcp://127.0.0.1:${port}`, ...options, server('config.ru')],
      }),
    },
  ];
}

/** Who is measured at what. */
export interface Contenders {
  readonly kept: readonly Contender[];
  readonly closed: readonly Contender[];
  readonly sync: readonly Contender[];
  readonly resources: readonly Contender[];
}

/** Whether it can hold many idle connections beside one another: a process of Gunicorn's sync or of uWSGI has one. */
function holdsConnections({ name }: Contender): boolean {
  return !/sync|uWSGI/.test(name);
}

/** All of them, or the two that a quick run compares. */
export function costContenders(quick: boolean): Contenders {
  if (quick) return { kept: [inherited, ours], closed: [], sync: [], resources: [] };
  const pythons = python();
  // They keep connections.
  const gunicorns = pythons.filter(({ name }) => /gthread|gevent/.test(name));
  return {
    kept: [
      ...[bare, inherited, clustered, ours],
      tsunicorn('tsunicorn fetch', 'fetch-app.js:app'),
      tsunicorn('tsunicorn gateway', 'gateway-app.js:app'),
      tsunicorn('tsunicorn script', 'program.js'),
      tsunicorn('tsunicorn thread', 'app.js:app', '-k', 'thread'),
      ...[...pm2(), ...watt(), ...runtimes(), ...gunicorns, ...ruby()],
    ],
    closed: [
      bare,
      inherited,
      clustered,
      ours,
      tsunicorn('tsunicorn script', 'program.js'),
      ...pm2(),
      ...watt(),
      ...runtimes(),
      ...ruby(),
    ],
    sync: [bare, oursSync, ...pythons],
    resources: [
      ...[bare, inherited, clustered, ours, oursSync, ...pm2(), ...watt(), ...runtimes()],
      ...[...pythons, ...ruby()].filter(holdsConnections),
    ],
  };
}
