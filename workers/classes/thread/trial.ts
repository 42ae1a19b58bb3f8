import { bareContext } from '../../../src/gateway/context.ts';
import type { Settings } from '../../../src/settings/catalogue/catalogue.ts';
import { createTinypool } from './pool.ts';
import { Thread } from './thread.ts';

/**
 * Loads the application in a thread, as class `thread` does: there process.chdir() and others throw, add-ons may not
 * load, and memory is limited. Resolves with a description of it, rejects with a BootError; the thread is left behind.
 */
export async function loadInThread({ app, mount, threadMaxMemory }: Settings): Promise<string> {
  const { log: _, ...gateway } = bareContext;
  const pool = createTinypool({ threads: 1, maxMemory: threadMaxMemory });
  // The thread's one task hears of its errors.
  pool.on('error', () => {});
  const options = { served: { app, mount }, gateway, report: null, measures: 'no' as const };
  const events = {
    log: () => {},
    free: () => {},
    failed: () => {},
    gone: () => {},
    answer: () => {},
    measured: () => {},
  };
  const { what } = await new Thread(pool, options, events).ready;
  return what;
}
