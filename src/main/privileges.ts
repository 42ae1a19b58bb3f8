import type { OurStart, Privileges } from '../process/privileges/privileges.ts';
import type { LoadedData } from '../settings/load.ts';

/**
 * What `user`, `group` and `initgroups` ask for, or null; nothing is loaded where they ask for nothing. `start` is
 * ours: what the settings add is for the workers. Rejects with a UsageError.
 */
export async function privilegesOf(loaded: LoadedData, start: OurStart): Promise<Privileges | null> {
  const { user, group, initgroups } = loaded.settings;
  if (user === null && group === null && !initgroups) return null;
  const { resolvePrivileges } = await import('../process/privileges/privileges.ts');
  return resolvePrivileges(loaded, start);
}

/** What to say of workers that keep the rights of root, or null. */
export function warnsOfRoot({ settings }: LoadedData): string | null {
  if (process.geteuid?.() !== 0 || settings.user !== null) return null;
  return 'Running as root: the application may do whatever root may here; name another user with --user, or --user root if that is meant';
}
