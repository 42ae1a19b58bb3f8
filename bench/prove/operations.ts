import { existsSync, renameSync, writeFileSync } from 'node:fs';
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
  hang: { planned: false, cause: /timeout|timed? ?out|blocked|harakiri/i },
  'kill -9 of the arbiter': { planned: false, cause: null },
} as const satisfies Readonly<Record<string, { readonly planned: boolean; readonly cause: RegExp | null }>>;

export type OperationName = keyof typeof operations;

/** Resolves when it is over, or has had its time: whether it came to its end, as far as that can be seen. */
export type Operate = (running: Running) => Promise<boolean>;

export type Operations = Partial<Readonly<Record<OperationName, Operate>>>;

const OPERATION_LIMIT_MS = 15_000;

/** Waits until what was written from `after` on has the pattern; false where it never came. */
export function says(running: Running, pattern: RegExp, after: number): Promise<boolean> {
  return becomes(() => pattern.test(running.output().slice(after)));
}

/** Waits until that is so; false where it never was. */
async function becomes(isSo: () => boolean): Promise<boolean> {
  const until = performance.now() + OPERATION_LIMIT_MS;
  while (!isSo()) {
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
    return says(running, done, after);
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

/** KILL to the youngest child of a process; over when there is another in its place. */
export function killWorker(arbiter: (running: Running) => number): Operate {
  return async (running) => {
    const workers = childrenOf(arbiter(running));
    const victim = workers.at(-1);
    if (victim === undefined) return false;
    process.kill(victim, 'SIGKILL');
    return another(running, arbiter, workers, victim);
  };
}

function another(
  running: Running,
  arbiter: (running: Running) => number,
  old: readonly number[],
  gone: number,
): Promise<boolean> {
  return becomes(() => {
    const now = childrenOf(arbiter(running));
    return !now.includes(gone) && now.some((pid) => !old.includes(pid));
  });
}

/** KILL to the arbiter: nothing brings it back but the supervisor above, which is not part of this. */
export function killRoot(arbiter: (running: Running) => number): Operate {
  return async (running) => {
    process.kill(arbiter(running), 'SIGKILL');
    await pause(1000);
    return true;
  };
}

/** Asks for what makes a process fail; over when the children have changed. */
export function asks(
  path: string,
  times: number,
  arbiter: (running: Running) => number,
  limitMs: number,
): Operate {
  return async (running) => {
    const old = childrenOf(arbiter(running));
    for (let sent = 0; sent < times; sent += 1) {
      // Its connection is cut where the process ends, which is what is asked for.
      const asked = get(running.url, path).catch(() => null);
      if (times > 1) await asked;
    }
    const until = performance.now() + limitMs;
    while (childrenOf(arbiter(running)).every((pid) => old.includes(pid))) {
      if (performance.now() > until) return false;
      await pause(50);
    }
    return true;
  };
}

/** Lays a file that cannot be loaded in the place of the application, reloads, and puts the file back. */
export function brokenDeploy(file: string, broken: string, sound: string, reload: Operate): Operate {
  return async (running) => {
    writeFileSync(`${running.directory}/${file}`, broken);
    const isOver = await reload(running);
    writeFileSync(`${running.directory}/${file}`, sound);
    return isOver;
  };
}

/** Moves the access log away and signals; over when there is a new one. */
export function rotation(signal: NodeJS.Signals, arbiter: (running: Running) => number): Operate {
  return async (running) => {
    renameSync(`${running.directory}/access.log`, `${running.directory}/access.log.1`);
    process.kill(arbiter(running), signal);
    return becomes(() => existsSync(`${running.directory}/access.log`));
  };
}
