import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { childrenOf, Running } from '../support/tsunicorn.ts';
import type { Fixture } from './fixture.ts';

/** A fixture that serves, under tsunicorn or with plain node. */
export interface Subject {
  readonly fixture: Fixture;
  readonly running: Running;
  /** Such as `http://127.0.0.1:8000`. */
  readonly origin: string;
  /** The path of a file that does not exist. */
  readonly newFile: () => string;
  /** Ends its processes, whatever they do. */
  readonly kill: () => Promise<void>;
}

/** Serves `target` with tsunicorn; `folder` holds the fixture's own. */
export async function serve(fixture: Fixture, folder: string, args: readonly string[]): Promise<Subject> {
  const isProgram = args[0] === fixture.program;
  const ownArgs = isProgram && fixture.args.length > 0 ? ['--', ...fixture.args] : [];
  const running = new Running([...args, '-w', '2', '-b', '127.0.0.1:0', ...ownArgs], {
    cwd: join(folder, fixture.folder),
    env: environment(fixture),
  });
  const scratch = mkdtempSync(join(tmpdir(), 'compatibility-'));
  const kill = killer(running, scratch);
  try {
    return { fixture, running, origin: await running.url(), newFile: namer(scratch), kill };
  } catch (error) {
    await kill();
    throw new Error(reasonOf(running.stderr) ?? String(error));
  }
}

/** Runs the program with node alone. */
export async function servePlain(fixture: Fixture, folder: string): Promise<Subject> {
  const cwd = join(folder, fixture.folder);
  const port = await freePort();
  const running = new Running(fixture.args, {
    cwd,
    script: join(cwd, `${fixture.program}`),
    env: { ...environment(fixture), PORT: `${port}` },
  });
  const scratch = mkdtempSync(join(tmpdir(), 'compatibility-'));
  const kill = killer(running, scratch);
  // As a URL for a person, so that hosts are tried as a browser does: frameworks differ in what they listen on.
  const origin = `${isTls(fixture) ? 'https' : 'http'}://localhost:${port}`;
  try {
    await listening(running, port);
    return { fixture, running, origin, newFile: namer(scratch), kill };
  } catch (error) {
    await kill();
    throw error;
  }
}

function isTls({ protocol }: Fixture): boolean {
  return protocol === 'https' || protocol === 'h2';
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  return port;
}

function listening(running: Running, port: number): Promise<true> {
  let isOpen = false;
  const knock = () => {
    const socket = net.connect({ port, host: 'localhost' });
    socket.once('connect', () => {
      isOpen = true;
      socket.destroy();
    });
    socket.once('error', () => {});
  };
  return running.waitFor(() => {
    if (running.child.exitCode !== null) throw new Error(`it ended with status ${running.child.exitCode}`);
    if (!isOpen) knock();
    return isOpen;
  }, 'the program to listen');
}

/** The first error of a log, without time, pid and level. */
export function reasonOf(log: string): string | null {
  return /\[(?:ERROR|CRITICAL)\] (.*)/.exec(log)?.[1] ?? null;
}

function environment({ env }: Fixture): Readonly<Record<string, string>> {
  return { NODE_ENV: 'production', ...env };
}

function namer(scratch: string): () => string {
  let count = 0;
  return () => join(scratch, `${++count}`);
}

function killer(running: Running, scratch: string): () => Promise<void> {
  return async () => {
    for (const pid of [running.pid, ...childrenOf(running.pid)]) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended already.
      }
    }
    await running.end();
    rmSync(scratch, { recursive: true, force: true });
  };
}
