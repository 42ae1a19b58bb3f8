import { spawn, spawnSync } from 'node:child_process';
import http from 'node:http';
import { join } from 'node:path';
import type { Stage } from './stage.ts';
import { until } from './stage.ts';

/** Why nothing can stand behind nginx here; null where it can. */
export function nginxMissing(): string | null {
  const found = spawnSync('nginx', ['-v'], { stdio: 'ignore' });
  return found.error === undefined ? null : 'nginx is not installed';
}

/** Starts an nginx before the service; returns what asks through it. It ends with the stage. */
export async function nginxBefore(stage: Stage): Promise<(path: string, count: number) => void> {
  const front = join(stage.cwd, 'nginx.sock');
  stage.write('nginx.conf', configuration(stage, front));
  const args = ['-p', stage.cwd, '-e', 'stderr', '-c', join(stage.cwd, 'nginx.conf')];
  const nginx = spawn('nginx', args, { stdio: 'ignore' });
  stage.endWith(nginx.pid ?? 0);
  await until(() => stage.has('nginx.sock'), 'an nginx that listens');
  return (path, count) => {
    for (let asked = 0; asked < count; asked++) {
      const request = http.get({ socketPath: front, path, agent: false }, (response) => response.resume());
      request.on('error', () => {});
    }
  };
}

/** What matters of deploy/nginx.conf. In one process, which ends with its one pid. */
function configuration({ socket, cwd }: Stage, front: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off;
master_process off;
pid ${join(cwd, 'nginx.pid')};
events { worker_connections 512; }
http {
  access_log off;
${temporary.map((name) => `  ${name}_temp_path ${join(cwd, `nginx-${name}`)};`).join('\n')}
  upstream shop { server unix:${socket}; }
  server {
    listen unix:${front};
    location / { proxy_pass http://shop; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; }
  }
}
`;
}
