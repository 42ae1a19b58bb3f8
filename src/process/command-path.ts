import { delimiter } from 'node:path';

const USUAL_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Where the arbiter, which may be root, looks for a command of the system, by the PATH of its start. Absolute directories
 * only: the working directory is the application's, so that anybody's program may be in it.
 */
export function commandPath(path: string | undefined): string {
  const directories = (path ?? '').split(delimiter).filter((directory) => directory.startsWith('/'));
  return directories.join(delimiter) || USUAL_PATH;
}
