import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { tellTestsApart } from '../support/current-test.ts';
import { ask } from '../support/http-client.ts';
import { startLoad } from '../support/load.ts';
import { startNginx } from '../support/nginx.ts';
import { withTool } from '../support/tools.ts';
import { serve, temporaryDirectory } from '../support/tsunicorn.ts';

// The connections that nginx keeps hold up an old worker for seconds.
tellTestsApart();

const it = withTool('nginx');
const CLIENTS = 8;

const application = `export default (req, res) => {
  res.end(JSON.stringify({ pid: process.pid, forwarded: req.headers['x-forwarded-for'] ?? null }));
};\n`;

describe.concurrent.each([
  ['TCP', () => '127.0.0.1:0'],
  ['a Unix socket', () => `unix:${join(temporaryDirectory(), 'app.sock')}`],
])('nginx before a service on %s', (_name, bind) => {
  it('passes requests on', async () => {
    const running = await serve(['app.js', '-b', bind()], { files: { 'app.js': application } });
    const front = await startNginx((directory) => configuration(directory, running.at));
    const { status, body } = await ask({ url: front, headers: { host: 'shop.test' } });
    expect({ status, body: JSON.parse(body) }).toEqual({
      status: 200,
      body: { pid: running.workers()[0], forwarded: 'unix:' },
    });
  });

  it('sees no request fail while HUP replaces the workers', async () => {
    const running = await serve(['app.js', '-w', '2', '-b', bind()], { files: { 'app.js': application } });
    const front = await startNginx((directory) => configuration(directory, running.at));
    const old = await running.waitForWorkers(2);
    const load = startLoad({ url: front }, CLIENTS);
    await running.waitFor(() => load.answered() > 50, 'some answers');
    running.signal('SIGHUP');
    await running.waitFor(() => old.every((pid) => !running.workers().includes(pid)), 'the next generation');
    const before = load.answered();
    await running.waitFor(
      () => load.answered() > Math.max(200, before + 50),
      'answers of the next generation',
    );
    expect(await load.stop()).toMatchObject({ failures: [], refused: 0 });
  });
});

// In one process, which needs no other user; on a Unix socket, as nginx cannot take port 0.
function configuration(directory: string, at: string): string {
  const upstream = at.startsWith('unix:') ? at : new URL(at).host;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off;
master_process off;
pid ${directory}/nginx.pid;
error_log stderr warn;
events { worker_connections 256; }
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${directory}/${name};`).join('\n  ')}
  upstream service { server ${upstream}; keepalive 4; }
  server {
    listen unix:${directory}/front.sock;
    location / {
      proxy_pass http://service;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }
  }
}
`;
}
