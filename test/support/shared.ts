import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { Running, type StartOptions } from './tsunicorn.ts';

export type Served = Running & { readonly at: string };

/** A directory for all tests of a file or of a `describe`, gone after the last one; names may have directories. */
export function sharedDirectory(files: Readonly<Record<string, string>> = {}): string {
  const directory = mkdtempSync(join(tmpdir(), 'tsunicorn-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  layFiles(directory, files);
  return directory;
}

/** Writes files under a directory, with the directories that their names need. */
export function layFiles(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
}

/** One server for all tests of a file or of a `describe`: started before the first, ended by pid after the last. */
export function shareServer(args: readonly string[], options: SharedOptions): () => Served {
  const [server] = shareServers([args], options);
  return server as () => Served;
}

type SharedOptions = Pick<StartOptions, 'env'> & { readonly cwd: string };

/** As `shareServer`, for several servers, which start beside each other. */
export function shareServers(
  each: readonly (readonly string[])[],
  options: SharedOptions,
): readonly (() => Served)[] {
  let all: readonly Running[] = [];
  let served: readonly Served[] = [];
  beforeAll(async () => {
    all = each.map((args) => new Running(args, options));
    served = await Promise.all(
      all.map(async (running) => Object.assign(running, { at: await running.url() })),
    );
  });
  beforeEach(({ onTestFailed }) => {
    onTestFailed(() => {
      for (const [index, { stderr }] of all.entries())
        console.error(`--- stderr of tsunicorn ${each[index]?.join(' ')}\n${stderr}`);
    });
  });
  afterAll(() => Promise.all(all.map(endNow)));
  return each.map((_args, index) => () => {
    const server = served[index];
    if (server === undefined) throw new Error('the shared server is there once the tests run');
    return server;
  });
}

async function endNow(running: Running): Promise<void> {
  const { child } = running;
  for (const pid of [running.pid, ...running.workers()]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended already.
    }
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
