import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFailed, onTestFinished } from './current-test.ts';
import { freePort } from './free-port.ts';
import { ask } from './http-client.ts';
import { deadlineMs } from './patience.ts';
import { root, temporaryDirectory } from './tsunicorn.ts';

export type Front =
  | 'nginx'
  | 'nginx-uwsgi'
  | 'haproxy'
  | 'apache'
  | 'caddy'
  | 'fleet-haproxy'
  | 'fleet-nginx';

/** The configurations of deploy/ name these. */
const UPSTREAM = '127.0.0.1:8000';
/** Each machine of deploy/fleet. */
const MACHINES = /10\.0\.0\.1[123]:8000/g;

/** The command of each front, and what its configuration is embedded in. */
interface How {
  /** In deploy/. */
  readonly file: string;
  readonly command: readonly string[];
  readonly wrap: (own: string, directory: string) => string;
  /** What stands for the service, where that is not UPSTREAM. */
  readonly machines?: RegExp;
  readonly upstream: (path: string) => readonly [from: string | RegExp, to: string];
  /** Where the configuration says on which port it listens, and what stands there for another one. */
  readonly listen: readonly [from: RegExp, to: (port: number) => string];
}

const nginx: How = {
  file: 'nginx.conf',
  command: ['nginx', '-p', '.', '-c', 'front.conf', '-e', 'stderr'],
  wrap: (own, directory) => `daemon off;
master_process off;
pid ${directory}/nginx.pid;
error_log stderr warn;
events { worker_connections 256; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${directory}/${name};`).join('\n  ')}
  ${own.replace('include uwsgi_params', 'include /etc/nginx/uwsgi_params')}
}\n`,
  upstream: (path) => [UPSTREAM, `unix:${path}`],
  listen: [/^ {4}listen 80;/m, (port) => `    listen 127.0.0.1:${port};`],
};

const haproxy: How = {
  file: 'haproxy.conf',
  command: ['haproxy', '-db', '-f', 'front.conf'],
  wrap: (own) => own,
  upstream: (path) => [UPSTREAM, `unix@${path}`],
  listen: [/bind :80\b/, (port) => `bind 127.0.0.1:${port}`],
};

const MODULES = ['mpm_event', 'authz_core', 'proxy', 'proxy_http', 'headers'];

const FRONTS: Readonly<Record<Front, How>> = {
  nginx,
  'nginx-uwsgi': { ...nginx, file: 'nginx-uwsgi.conf' },
  haproxy,
  // Each machine is the same one, which is not asked how it is.
  'fleet-haproxy': {
    ...haproxy,
    file: 'fleet/haproxy.conf',
    wrap: (own) => own.replace(/^ {4}default-server check .*$/m, ''),
    machines: MACHINES,
  },
  'fleet-nginx': { ...nginx, file: 'fleet/nginx.conf', machines: MACHINES },
  caddy: {
    file: 'Caddyfile',
    command: ['caddy', 'run', '--adapter', 'caddyfile', '--config', 'front.conf'],
    wrap: (own, directory) => `{
\tadmin off
\tstorage file_system ${directory}
}
${own}`,
    upstream: (path) => [UPSTREAM, `unix/${path}`],
    listen: [/^:80 \{/m, (port) => `:${port} {\n\tbind 127.0.0.1`],
  },
  apache: {
    file: 'apache.conf',
    command: ['apache2', '-D', 'FOREGROUND', '-f', 'front.conf', '-d', '.'],
    wrap: (own, directory) => `ServerRoot ${directory}
ServerName front.test
PidFile ${directory}/apache.pid
Mutex file:${directory}
ErrorLog ${directory}/error.log
User www-data
Group www-data
StartServers 1
${MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
${own}`,
    upstream: (path) => [`http://${UPSTREAM}/ `, `unix:${path}|http://app/ `],
    listen: [/^<VirtualHost \*:80>/m, (port) => `Listen 127.0.0.1:${port}\n<VirtualHost *:${port}>`],
  },
};

/**
 * Starts a front with its configuration of deploy/, in which nothing but the addresses is changed: it listens on a free port
 * of 127.0.0.1, before `host:port` or a path of a Unix socket. Resolves with its URL once it answers; it ends with the test.
 */
export async function startFront(front: Front, before: string): Promise<string> {
  const directory = temporaryDirectory();
  // Apache serves as another user.
  chmodSync(directory, 0o755);
  mkdirSync(join(directory, 'logs'));
  const { file: own, command, wrap, machines = UPSTREAM, upstream, listen } = FRONTS[front];
  const port = freePort();
  const [from, to] = before.startsWith('/') ? upstream(before) : [machines, before];
  const configuration = replaced(readFileSync(join(root, 'deploy', own), 'utf8'), from, to);
  const listening = wrap(replaced(configuration, listen[0], listen[1](port)), directory);
  writeFileSync(join(directory, 'front.conf'), listening);
  const [file = '', ...args] = command;
  const child = spawn(file, args, {
    cwd: directory,
    env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin`, HOME: directory },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  onTestFailed(() => console.error(`--- ${front}\n${output.slice(-2000)}`));
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
  const url = `http://127.0.0.1:${port}`;
  for (const until = performance.now() + deadlineMs(); ; ) {
    const status = await ask({ url }).then(
      ({ status }) => status,
      () => 0,
    );
    if (status === 200) return url;
    if (child.exitCode !== null || performance.now() > until)
      throw new Error(`${front} does not answer: ${output.slice(-2000)}`);
    await new Promise((again) => setTimeout(again, 20));
  }
}

function replaced(text: string, from: string | RegExp, to: string): string {
  // Its comments name it too.
  const other = typeof from === 'string' ? text.replaceAll(from, to) : text.replace(from, to);
  if (other === text && from !== to) throw new Error(`the configuration has no ${from}`);
  return other;
}
