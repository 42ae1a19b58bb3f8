import type { HookName } from './hooks.ts';
import type { Logger } from './log/logger.ts';

/** Calls a hook; what it throws or rejects with is logged and goes no further. */
export async function callHook(log: Logger, name: HookName, call: () => unknown): Promise<void> {
  try {
    await call();
  } catch (error) {
    log.error(`The hook ${name} failed`, { err: error });
  }
}
