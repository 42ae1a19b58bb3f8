import { fs } from '../support/builtins.ts';

/** Whether it is a file that this user may execute. */
export function isExecutable(path: string): boolean {
  try {
    fs.accessSync(path, fs.constants.X_OK);
    return fs.statSync(path).isFile();
  } catch {
    // It does not exist, or this user cannot access it.
    return false;
  }
}
