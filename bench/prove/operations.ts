import { renameSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { get } from '../../test/support/client.ts';
import { processTree } from '../processor.ts';
import type { Running } from './running.ts';

/** What is done to a service, the planned first; `cause` is what the log must say where it was not planned. */
export const operations = {
  reload: { planned: true, cause: null },
  upgrade: { planned: true, cause: null },
  recycling: { planned: true, cause: null },
  scaling: { planned: true, cause: null },
  'log rotation': { planned: true, cause: null },
  'broken deploy': { planned: true, cause: /broken on purpose/ },
  leak: { planned: true, cause: /memory/i },
  'kill -9 of a worker': { planned: false, cause: /SIGKILL|signal:? 9|was killed|signal \[?9/i },
  'out of memory': { planned: false, cause: /heap|memory/i },
  hang: { planned: false, cause: /timeout|timed? ?out|blocked|harakiri|hang/i },
  'kill -9 of the arbiter': { planned: false, cause: null },
} as const satisfies Readonly<Record<string, { readonly planned: boolean; readonly cause: RegExp | null }>>;

export type OperationName = keyof typeof operations;

/** Resolves when it is over, or has had its time. */
export type Operate = (running: Running) => Promise<void>;

export type Operations = Partial<Readonly<Record<OperationName, Operate>>>;

const OPERATION_LIMIT_MS = 15_000;

/** Waits until what was written from `after` on has the pattern; false where it never came. */
export async function says(running: Running, pattern: RegExp, after: number): Promise<boolean> {
  const until = performance.now() + OPERATION_LIMIT_MS;
  while (!pattern.test(running.output().slice(after))) {
    if (performance.now() > until) return false;
    await pause(20);
  }
  return true;
}

/** Signals a process, and waits until the service has said that it is done. */
export function signalled(signal: NodeJS.Signals, done: RegExp, pid: (running: Running) => number): Operate {
  return async (running) => {
    const after = running.output().length;
    process.kill(pid(running), signal);
    await says(running, done, after);
  };
}

/** The process that was started. */
export function rootOf({ child }: Running): number {
  return child.pid ?? 0;
}

/** Its direct children, the youngest last. */
export function childrenOf(root: number): readonly number[] {
  return processTree(root)
    .filter(({ parent }) => parent === root)
    .map(({ pid }) => pid)
    .toSorted((a, b) => a - b);
}

/** KILL to one of the children of a process, until it has another. */
export function killWorker(arbiter: (running: Running) => number): Operate {
  return async (running) => {
    const workers = childrenOf(arbiter(running));
    const victim = workers.at(-1);
    if (victim === undefined) return;
    process.kill(victim, 'SIGKILL');
    await another(running, arbiter, workers, victim);
  };
}

async function another(
  running: Running,
  arbiter: (running: Running) => number,
  old: readonly number[],
  gone: number,
): Promise<void> {
  const until = performance.now() + OPERATION_LIMIT_MS;
  while (performance.now() < until) {
    const now = childrenOf(arbiter(running));
    if (!now.includes(gone) && now.some((pid) => !old.includes(pid))) return;
    await pause(20);
  }
}

/** KILL to the arbiter: nothing brings it back but the supervisor above, which is not part of this. */
export function killRoot(arbiter: (running: Running) => number): Operate {
  return async (running) => {
    process.kill(arbiter(running), 'SIGKILL');
    await pause(1000);
  };
}

/** Asks for what fails, and waits for the children to change. */
export function asks(
  path: string,
  times: number,
  arbiter: (running: Running) => number,
  limitMs: number,
): Operate {
  return async (running) => {
    const old = childrenOf(arbiter(running));
    for (let sent = 0; sent < times; sent += 1) {
      const asked = get(running.url, path).catch(() => null);
      if (times > 1) await asked;
    }
    const until = performance.now() + limitMs;
    while (performance.now() < until && childrenOf(arbiter(running)).every((pid) => old.includes(pid)))
      await pause(50);
  };
}

/** Lays a file that cannot be loaded in the place of the application, reloads, and puts the file back. */
export function brokenDeploy(file: string, broken: string, sound: string, reload: Operate): Operate {
  return async (running) => {
    writeFileSync(`${running.directory}/${file}`, broken);
    await reload(running);
    writeFileSync(`${running.directory}/${file}`, sound);
  };
}

/** Moves the access log away and signals. */
export function rotation(signal: NodeJS.Signals, arbiter: (running: Running) => number): Operate {
  return async (running) => {
    renameSync(`${running.directory}/access.log`, `${running.directory}/access.log.1`);
    process.kill(arbiter(running), signal);
    await pause(300);
  };
}
