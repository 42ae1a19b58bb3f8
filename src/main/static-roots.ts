import type { LoadedData } from '../settings/load.ts';
import { hasApplication } from '../settings/mounts.ts';
import { nameSetting } from '../settings/origin.ts';
import { fs } from '../support/builtins.ts';
import { codeOf, messageOf, UsageError } from '../support/errors.ts';

/** Refuses directories of files that are not there, and files that hide the application. Throws a UsageError. */
export function checkRoots({ settings, origins }: LoadedData): void {
  const { static: files, staticFallthrough, accelRedirect, sendfileRoot } = settings;
  for (const [path, directory] of Object.entries(files))
    checkDirectory(directory, `${nameSetting(origins.static, 'static')}: ${path}=${directory}`);
  for (const [path, directory] of Object.entries(accelRedirect))
    checkDirectory(
      directory,
      `${nameSetting(origins.accelRedirect, 'accel-redirect')}: ${path}=${directory}`,
    );
  for (const directory of sendfileRoot)
    checkDirectory(directory, `${nameSetting(origins.sendfileRoot, 'sendfile-root')}: ${directory}`);
  if ('/' in files && !staticFallthrough && hasApplication(settings))
    throw new UsageError(
      `${nameSetting(origins.static, 'static')}: /=${files['/']} takes every request, so that the application gets none; add --static-fallthrough, or serve it at a path such as /assets`,
    );
}

/** Whether the workers may enter it is theirs to find out, since they may run as another user. */
function checkDirectory(directory: string, source: string): void {
  const why = problemOf(directory);
  if (why !== null) throw new UsageError(`${source}: ${why}; create it, or name another`);
}

function problemOf(directory: string): string | null {
  try {
    const stats = fs.statSync(directory, { throwIfNoEntry: false });
    if (stats?.isDirectory()) return null;
    return stats === undefined ? 'no such directory' : 'it is no directory';
  } catch (error) {
    return `it cannot be looked at (${codeOf(error) ?? messageOf(error)})`;
  }
}
