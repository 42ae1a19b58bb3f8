import type { WorkerLog } from '../../src/log/records.ts';

/** Warns about what the application has set on its own server that has no effect in its worker class. */
export function warnOf(names: readonly string[], workerClass: 'sync' | 'thread', log: WorkerLog): void {
  if (names.length === 0) return;
  const reason = names.join(', ');
  log.warning(
    `These settings of the exported server have no effect in class ${workerClass}: ${reason}; use class async, which supports all of them`,
    { event: 'server-settings-ignored', reason },
  );
}
