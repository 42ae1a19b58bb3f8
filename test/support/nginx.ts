import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFailed, onTestFinished } from './current-test.ts';
import { request } from './load.ts';
import { temporaryDirectory } from './tsunicorn.ts';

/**
 * Starts an nginx, which listens on `front.sock` in the directory that `configuration` gets; resolves with its address once
 * it answers 200 at `/`. It is ended with the test.
 */
export async function startNginx(configuration: (directory: string) => string): Promise<string> {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'logs'));
  writeFileSync(join(directory, 'nginx.conf'), configuration(directory));
  const nginx = spawn('nginx', ['-p', directory, '-c', 'nginx.conf', '-e', 'logs/error.log'], {
    env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaints = '';
  nginx.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  onTestFailed(() => console.error(`--- nginx\n${complaints}`));
  onTestFinished(async () => {
    if (nginx.exitCode !== null || nginx.signalCode !== null) return;
    nginx.kill('SIGTERM');
    await once(nginx, 'exit');
  });
  const url = `unix:${join(directory, 'front.sock')}`;
  for (let outcome = ''; outcome !== '200'; ) {
    outcome = await request({ url });
    if (nginx.exitCode !== null) throw new Error(`nginx ended: ${complaints}`);
    await new Promise((again) => setTimeout(again, 10));
  }
  return url;
}
