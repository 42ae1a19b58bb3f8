import type { WorkerLog } from '../log/records.ts';
import type { HookName } from '../settings/hooks.ts';

/** Calls a hook. What it throws or rejects with is logged and does nothing else. */
export async function callHook(log: WorkerLog, name: HookName, call: () => unknown): Promise<void> {
  try {
    await call();
  } catch (error) {
    log.error(`The hook ${name} failed`, { event: 'hook-failed', hook: name, err: error });
  }
}
