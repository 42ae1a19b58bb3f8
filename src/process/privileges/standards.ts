import { openStandard } from '../../log/destination.ts';
import { fs } from '../../support/builtins.ts';
import type { Standards } from '../ipc/boot-spec.ts';

/** Our outputs, opened once more for one worker. */
export interface OpenStandards {
  /** What the worker is to inherit. */
  readonly fds: readonly number[];
  /** What to tell the worker, where it inherits `fds` from the number `first` on. */
  told(first: number): Standards;
  /** To be called when the worker has inherited them, or could not be started. */
  close(): void;
}

/**
 * Opens standard output and error without blocking where they are pipes. A worker that runs as another user cannot: the
 * pipe is root's, and a reader that stalls would stall its answers.
 */
export function openStandards(): OpenStandards {
  const [stdout, stderr] = [openStandard(1), openStandard(2)];
  const fds = [stdout, stderr].filter((fd) => fd > 2);
  const at = (fd: number, first: number) => (fd > 2 ? first + fds.indexOf(fd) : fd);
  return {
    fds,
    told: (first) => ({ stdout: at(stdout, first), stderr: at(stderr, first) }),
    close() {
      for (const fd of fds) fs.closeSync(fd);
    },
  };
}
