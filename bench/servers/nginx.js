// Runs nginx with as many workers over a directory, as it is configured to send files, and says where it listens.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [workers, directory] = process.argv.slice(2);
const own = mkdtempSync(join(tmpdir(), 'tsunicorn-bench-nginx-'));
process.on('exit', () => rmSync(own, { recursive: true, force: true }));

const probe = createServer().listen(0, '127.0.0.1', () => {
  const { port } = probe.address();
  probe.close(() => start(port));
});

function start(port) {
  const kept = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${own}/${name};`,
  );
  writeFileSync(
    join(own, 'nginx.conf'),
    // Root's workers would be another user's, who may not enter the directory.
    `${process.getuid() === 0 ? 'user root; ' : ''}daemon off; worker_processes ${workers}; pid ${own}/pid; error_log stderr;
events { worker_connections 1024; }
http {
  ${kept.join(' ')} access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;
  types { text/html html; }
  server { listen 127.0.0.1:${port}; root ${directory}; }
}
`,
  );
  const nginx = spawn('nginx', ['-p', own, '-c', join(own, 'nginx.conf')], { stdio: 'inherit' });
  nginx.once('exit', (status) => process.exit(status ?? 1));
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => nginx.kill('SIGTERM'));
  nginx.once('spawn', () => console.log(`http://127.0.0.1:${port}`));
}
