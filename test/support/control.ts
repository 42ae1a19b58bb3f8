import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { main } from '../../src/ctl/main.ts';
import { built } from './tsunicorn.ts';

/** How a run of tsunicornctl ended. */
export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the real tsunicornctl to its end. */
export async function ctl(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const child = spawn(process.execPath, [join(built, 'bin/tsunicornctl.js'), ...args], {
    env: { ...process.env, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { status, stdout, stderr };
}

/** The same in this process, which costs no start; `path` is the control socket. */
export async function ask(path: string, ...args: readonly string[]): Promise<Ran> {
  const [out, err]: [string[], string[]] = [[], []];
  const status = await main([...args, '--socket', path], {
    line: (text) => void out.push(`${text}\n`),
    note: (text) => void err.push(`${text}\n`),
    style: (_style, text) => text,
  });
  return { status, stdout: out.join(''), stderr: err.join('') };
}

/** The answer as JSON. */
export async function told(path: string, ...args: readonly string[]) {
  const { stdout, stderr } = await ask(path, ...args, '--json');
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}
