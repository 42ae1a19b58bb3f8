import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../support/tsunicorn.ts';

export const FRONTS = ['haproxy', 'nginx'] as const;

export type FrontName = (typeof FRONTS)[number];

/** The command of a front with its configuration of deploy/fleet, in which nothing is changed; its files are in `directory`. */
export function frontCommand(front: FrontName, directory: string): readonly string[] {
  const own = join(root, 'deploy/fleet', `${front}.conf`);
  if (front === 'haproxy') return ['haproxy', '-db', '-f', own];
  const file = join(directory, 'nginx.conf');
  writeFileSync(file, aroundNginx(readFileSync(own, 'utf8'), directory));
  return ['nginx', '-p', directory, '-c', file, '-e', 'stderr'];
}

function aroundNginx(own: string, directory: string): string {
  const bodies = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off;
pid ${directory}/nginx.pid;
error_log stderr crit;
events { worker_connections 1024; }
http {
access_log off;
${bodies.map((name) => `${name}_temp_path ${directory}/${name};`).join('\n')}
${own}
}
`;
}
