import type { WorkerLog } from '../../src/log/records.ts';

/** Names what the application has set on its own server that has no effect in its worker class. */
export function warnOf(names: readonly string[], workerClass: 'sync' | 'thread', log: WorkerLog): void {
  if (names.length === 0) return;
  const reason = names.join(', ');
  log.warning(
    `What the exported server has set is without effect in class ${workerClass}: ${reason}; class async serves it whole`,
    { event: 'server-settings-ignored', reason },
  );
}
