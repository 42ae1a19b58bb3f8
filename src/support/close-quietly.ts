import { fs } from './builtins.ts';

/** Closes a descriptor that may have been closed, or that was never handed over. */
export function closeQuietly(fd: number): void {
  try {
    fs.closeSync(fd);
  } catch {
    // EBADF.
  }
}
