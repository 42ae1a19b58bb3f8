import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { server } from '../candidate.ts';
import { allClients } from './clients.ts';
import { inPeer, peerVersion } from './install.ts';
import { asks, brokenDeploy, killRoot, killWorker, type Operate, rootOf } from './operations.ts';
import type { Running } from './running.ts';
import type { Subject } from './subject.ts';

const HEAP = { NODE_OPTIONS: '--max-old-space-size=128' };
const SOUND = `import ${JSON.stringify(server('operated-program.js'))};\n`;
const BROKEN = "throw new Error('broken on purpose');\n";

const unplanned = {
  'out of memory': asks('/oom', 1, rootOf, 8000),
  hang: asks('/hang', 1, rootOf, 4000),
  'kill -9 of the arbiter': killRoot(rootOf),
};

const bare: Subject = {
  name: 'bare node:http',
  version: process.versions.node,
  configuration: 'node app.js',
  missing: null,
  clients: allClients,
  files: () => ({}),
  start: (port) => ({
    command: [process.execPath, server('operated-program.js')],
    environment: { ...HEAP, PORT: `${port}` },
  }),
  operations: unplanned,
};

const cluster: Subject = {
  name: 'node:cluster',
  version: process.versions.node,
  configuration: 'the example of its documentation, and a fork for each worker that exits',
  missing: null,
  clients: allClients,
  files: () => ({}),
  start: (port) => ({
    command: [process.execPath, server('operated-cluster.js'), '2'],
    environment: { ...HEAP, PORT: `${port}` },
  }),
  operations: { 'kill -9 of a worker': killWorker(rootOf), ...unplanned },
};

const pm2Home = (directory: string) => ({ PM2_HOME: `${directory}/pm2` });

/** A command of pm2 on the service of that directory. */
function pm2(...args: readonly string[]): Operate {
  return async ({ directory }: Running) => {
    const child = spawn(process.execPath, [inPeer('pm2', 'bin/pm2'), ...args], {
      env: { ...process.env, ...pm2Home(directory) },
      stdio: 'ignore',
    });
    const [status] = await once(child, 'exit');
    return status === 0;
  };
}

function pm2Subject(): Subject {
  const version = peerVersion('pm2');
  const options = ['-i', '2', '--max-memory-restart', '300M', '--name', 'app'];
  const reload = pm2('reload', 'app');
  return {
    name: 'PM2',
    version: version ?? '',
    configuration: `pm2-runtime start app.mjs ${options.join(' ')}`,
    missing: version === null ? 'pm2 could not be installed' : null,
    clients: allClients,
    files: () => ({ 'app.mjs': SOUND }),
    start: (port, directory) => ({
      command: [process.execPath, inPeer('pm2', 'bin/pm2-runtime'), 'start', 'app.mjs', ...options],
      environment: { ...pm2Home(directory), ...HEAP, PORT: `${port}` },
    }),
    operations: {
      reload,
      scaling: async (running) => {
        const isMore = await pm2('scale', 'app', '3')(running);
        return (await pm2('scale', 'app', '2')(running)) && isMore;
      },
      'log rotation': pm2('reloadLogs'),
      'broken deploy': brokenDeploy('app.mjs', BROKEN, SOUND, reload),
      leak: asks('/leak', 30, rootOf, 8000),
      'kill -9 of a worker': killWorker(rootOf),
      ...unplanned,
    },
  };
}

/** The configuration of Watt for a module of bench/servers. */
export function wattFiles(port: number): string {
  const logger = { level: 'info' };
  return JSON.stringify({
    module: '@platformatic/node',
    runtime: { workers: 2, logger, server: { hostname: '127.0.0.1', port } },
  });
}

/** Starts Watt in a directory that has `watt.json`, over that module. */
export function wattStart(module: string): {
  readonly command: string[];
  readonly environment: Record<string, string>;
} {
  return {
    command: [process.execPath, inPeer('wattpm', 'bin/cli.js'), 'start'],
    environment: { SERVED: server(module) },
  };
}

/** The peers that run on Node. */
export function nodeSubjects(): readonly Subject[] {
  return [bare, cluster, pm2Subject()];
}
